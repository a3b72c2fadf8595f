/** Addresses of the app. Only names of places: never a key, a code or a username. */
import { signal, type ReadonlySignal } from "@preact/signals";
import type { ConversationId } from "#schema/ids.ts";

export type Route =
  | { readonly name: "home" }
  | { readonly name: "chat"; readonly conversationId: ConversationId }
  | { readonly name: "new" }
  | { readonly name: "settings" }
  /** Of the other person in the chat behind it. */
  | { readonly name: "contact" }
  | { readonly name: "welcome" }
  | { readonly name: "signup" }
  | { readonly name: "login" };

/** A sheet over a chat keeps the chat behind it, through reload and the back button. */
export interface Place {
  readonly route: Route;
  readonly behind: ConversationId | undefined;
}

const conversationPath = /^\/chat\/([A-Za-z0-9_-]{22})$/;

function isConversationId(text: unknown): text is ConversationId {
  return typeof text === "string" && /^[A-Za-z0-9_-]{22}$/.test(text);
}

/** Unknown addresses lead home. */
export function parseRoute(pathname: string): Route {
  switch (pathname) {
    case "/new":
      return { name: "new" };
    case "/settings":
      return { name: "settings" };
    case "/contact":
      return { name: "contact" };
    case "/welcome":
      return { name: "welcome" };
    case "/signup":
      return { name: "signup" };
    case "/login":
      return { name: "login" };
    default: {
      const id = conversationPath.exec(pathname)?.[1];
      return isConversationId(id) ? { name: "chat", conversationId: id } : { name: "home" };
    }
  }
}

export function formatRoute(route: Route): string {
  if (route.name === "home") return "/";
  return route.name === "chat" ? `/chat/${route.conversationId}` : `/${route.name}`;
}

/** The conversation on screen: the chat itself, or the one behind a sheet. */
export function openConversationOf(place: Place): ConversationId | undefined {
  return place.route.name === "chat" ? place.route.conversationId : place.behind;
}

export interface Router {
  readonly place: ReadonlySignal<Place>;
  go(route: Route, options?: { replace?: boolean }): void;
  /** Leaves a sheet or a chat: back if the app itself came from there, else to what lies behind. */
  leave(): void;
}

interface HistoryLike {
  readonly state: unknown;
  pushState(data: unknown, unused: string, url: string): void;
  replaceState(data: unknown, unused: string, url: string): void;
  back(): void;
}

interface Browser {
  readonly history: HistoryLike;
  readonly location: { readonly pathname: string; readonly search: string };
  addEventListener(type: "popstate", listener: () => void): void;
}

interface EntryState {
  readonly depth: number;
  readonly behind: ConversationId | undefined;
}

/** The history entry's own note; anything else found there counts as nothing. */
function readEntry(state: unknown): EntryState {
  if (typeof state !== "object" || state === null) return { depth: 0, behind: undefined };
  const depth = "depth" in state && typeof state.depth === "number" ? state.depth : 0;
  const behind = "behind" in state && isConversationId(state.behind) ? state.behind : undefined;
  return { depth, behind };
}

export const isSheet = ({ name }: Route): boolean =>
  name === "new" || name === "settings" || name === "contact";

export function createRouter(browser: Browser): Router {
  const read = (): Place => {
    const route = parseRoute(browser.location.pathname);
    return { route, behind: isSheet(route) ? readEntry(browser.history.state).behind : undefined };
  };
  const place = signal(read());
  browser.addEventListener("popstate", () => {
    place.value = read();
  });

  const go: Router["go"] = (route, options = {}) => {
    const behind = isSheet(route) ? openConversationOf(place.value) : undefined;
    const depth = readEntry(browser.history.state).depth;
    const url = formatRoute(route) + browser.location.search;
    if (options.replace === true) browser.history.replaceState({ depth, behind }, "", url);
    else browser.history.pushState({ depth: depth + 1, behind }, "", url);
    place.value = { route, behind };
  };

  return {
    place,
    go,
    leave() {
      if (readEntry(browser.history.state).depth > 0) {
        browser.history.back();
        return;
      }
      const { behind } = place.value;
      go(behind === undefined ? { name: "home" } : { name: "chat", conversationId: behind }, {
        replace: true,
      });
    },
  };
}
