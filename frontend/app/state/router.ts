/** Addresses of the app. Only names of places: never a key, a code or a username. */
import { signal, type ReadonlySignal } from "@preact/signals";
import type { AccountId, ConversationId } from "#schema/ids.ts";

export type Route =
  | { readonly name: "home" }
  | { readonly name: "chat"; readonly conversationId: ConversationId }
  /** What is known of a group, over or beside its chat. */
  | { readonly name: "group"; readonly conversationId: ConversationId }
  | { readonly name: "new" }
  | { readonly name: "newGroup" }
  | { readonly name: "settings" }
  /** Somebody's keys. */
  | { readonly name: "contact"; readonly account: AccountId }
  | { readonly name: "welcome" }
  | { readonly name: "signup" }
  | { readonly name: "login" }
  | { readonly name: "link" }
  /** An invite link; what it says stands behind the #. */
  | { readonly name: "join" };

/** A sheet over a chat keeps the chat behind it, through reload and the back button. */
export interface Place {
  readonly route: Route;
  readonly behind: ConversationId | undefined;
}

const contactPath = /^\/contact\/([A-Za-z0-9_-]{22})$/;
const conversationPath = /^\/chat\/([A-Za-z0-9_-]{22})(\/group)?$/;

function isAccountId(text: unknown): text is AccountId {
  return typeof text === "string" && /^[A-Za-z0-9_-]{22}$/.test(text);
}

function isConversationId(text: unknown): text is ConversationId {
  return typeof text === "string" && /^[A-Za-z0-9_-]{22}$/.test(text);
}

/** Unknown addresses lead home. */
export function parseRoute(pathname: string): Route {
  switch (pathname) {
    case "/new":
      return { name: "new" };
    case "/new/group":
      return { name: "newGroup" };
    case "/settings":
      return { name: "settings" };
    case "/welcome":
      return { name: "welcome" };
    case "/signup":
      return { name: "signup" };
    case "/login":
      return { name: "login" };
    case "/link":
      return { name: "link" };
    case "/join":
      return { name: "join" };
    default: {
      const [, account] = contactPath.exec(pathname) ?? [];
      if (isAccountId(account)) return { name: "contact", account };
      const [, id, info] = conversationPath.exec(pathname) ?? [];
      if (!isConversationId(id)) return { name: "home" };
      return { name: info === undefined ? "chat" : "group", conversationId: id };
    }
  }
}

export function formatRoute(route: Route): string {
  switch (route.name) {
    case "home":
      return "/";
    case "chat":
      return `/chat/${route.conversationId}`;
    case "group":
      return `/chat/${route.conversationId}/group`;
    case "contact":
      return `/contact/${route.account}`;
    case "newGroup":
      return "/new/group";
    case "new":
    case "settings":
    case "welcome":
    case "signup":
    case "login":
    case "link":
    case "join":
      return `/${route.name}`;
  }
}

/** The conversation on screen: the chat itself, or the one behind a sheet. */
export function openConversationOf(place: Place): ConversationId | undefined {
  return "conversationId" in place.route ? place.route.conversationId : place.behind;
}

export interface Router {
  readonly place: ReadonlySignal<Place>;
  go(route: Route, options?: { replace?: boolean; dropInvite?: boolean }): void;
  /** The code of the invite link in the address, which stays there until an account is there to join with; or nothing. */
  invite(): string;
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
  readonly location: { readonly pathname: string; readonly search: string; readonly hash: string };
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

const sheets: ReadonlySet<Route["name"]> = new Set(["new", "newGroup", "settings", "contact"]);
/** Where an invite link is kept in the address: never stored, and there after a reload. */
const keepsInvite: ReadonlySet<Route["name"]> = new Set(["join", "welcome", "signup", "login", "link"]);
export const isSheet = (route: Route): boolean => sheets.has(route.name);

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
    const keeps = keepsInvite.has(route.name) && options.dropInvite !== true;
    const url = formatRoute(route) + browser.location.search + (keeps ? browser.location.hash : "");
    if (options.replace === true) browser.history.replaceState({ depth, behind }, "", url);
    else browser.history.pushState({ depth: depth + 1, behind }, "", url);
    place.value = { route, behind };
  };

  return {
    place,
    go,
    invite: () =>
      keepsInvite.has(parseRoute(browser.location.pathname).name) ? browser.location.hash.slice(1) : "",
    leave() {
      if (readEntry(browser.history.state).depth > 0) {
        browser.history.back();
        return;
      }
      const { route } = place.value;
      const behind = route.name === "group" ? route.conversationId : place.value.behind;
      go(behind === undefined ? { name: "home" } : { name: "chat", conversationId: behind }, {
        replace: true,
      });
    },
  };
}
