import { expect, test } from "vitest";
import { fakeId } from "#test/support/fake-client-data.ts";
import type { ConversationId } from "#schema/ids.ts";
import { createRouter, formatRoute, parseRoute, type Route } from "./router.ts";

const conversationId = fakeId<ConversationId>("chat-anna");

/** The History API as far as the router speaks to it. */
function fakeBrowser(pathname: string) {
  const entries: { url: string; state: unknown }[] = [{ url: pathname, state: null }];
  let at = 0;
  let onPop = (): void => undefined;
  const entry = () => entries[at] ?? { url: "/", state: null };
  return {
    entries,
    back() {
      at -= 1;
      onPop();
    },
    history: {
      get state() {
        return entry().state;
      },
      pushState(state: unknown, _unused: string, url: string) {
        entries.splice(at + 1, entries.length, { url, state });
        at += 1;
      },
      replaceState(state: unknown, _unused: string, url: string) {
        entries[at] = { url, state };
      },
      back() {
        at -= 1;
        onPop();
      },
    },
    location: {
      get pathname() {
        return entry().url.replace(/#.*/, "");
      },
      search: "",
      get hash() {
        return /#.*/.exec(entry().url)?.[0] ?? "";
      },
    },
    addEventListener(_type: "popstate", listener: () => void) {
      onPop = listener;
    },
  };
}

test.each<[string, Route]>([
  ["/", { name: "home" }],
  [`/chat/${conversationId}`, { name: "chat", conversationId }],
  ["/new", { name: "new" }],
  [`/chat/${conversationId}/group`, { name: "group", conversationId }],
  ["/new/group", { name: "newGroup" }],
  ["/settings", { name: "settings" }],
  ["/welcome", { name: "welcome" }],
  ["/signup", { name: "signup" }],
  ["/login", { name: "login" }],
])("%s is an address of its own", (pathname, route) => {
  expect(parseRoute(pathname)).toEqual(route);
  expect(formatRoute(route)).toBe(pathname);
});

test.each(["/nowhere", "/chat/", "/chat/short", `/chat/${conversationId}/x`, "/chat/../settings"])(
  "%s leads home",
  (pathname) => {
    expect(parseRoute(pathname)).toEqual({ name: "home" });
  },
);

test("reload returns to the same chat", () => {
  const { place } = createRouter(fakeBrowser(`/chat/${conversationId}`));
  expect(place.value).toEqual({ route: { name: "chat", conversationId }, behind: undefined });
});

test("a sheet keeps the chat behind it, and leaving goes back to it", () => {
  const router = createRouter(fakeBrowser("/"));
  router.go({ name: "chat", conversationId });
  router.go({ name: "settings" });
  expect(router.place.value).toEqual({ route: { name: "settings" }, behind: conversationId });
  router.leave();
  expect(router.place.value).toEqual({ route: { name: "chat", conversationId }, behind: undefined });
});

test("a sheet opened by its address leads home without leaving the app", () => {
  const browser = fakeBrowser("/settings");
  const router = createRouter(browser);
  router.leave();
  expect(router.place.value.route).toEqual({ name: "home" });
  expect(browser.entries).toHaveLength(1);
});

test("a group's page opened by its address leads to its chat", () => {
  const router = createRouter(fakeBrowser(`/chat/${conversationId}/group`));
  router.leave();
  expect(router.place.value).toEqual({ route: { name: "chat", conversationId }, behind: undefined });
});

test("the back button follows", () => {
  const browser = fakeBrowser("/");
  const router = createRouter(browser);
  router.go({ name: "chat", conversationId });
  browser.back();
  expect(router.place.value.route).toEqual({ name: "home" });
});

test("a history entry of somebody else counts as nothing", () => {
  const browser = fakeBrowser("/settings");
  browser.history.replaceState({ depth: "far", behind: "<chat>" }, "", "/settings");
  expect(createRouter(browser).place.value).toEqual({ route: { name: "settings" }, behind: undefined });
});

test("an invite link stays in the address through signing up, and is gone afterwards", () => {
  const browser = fakeBrowser("/join#the-code");
  const router = createRouter(browser);
  expect([router.place.value.route, router.invite()]).toEqual([{ name: "join" }, "the-code"]);
  router.go({ name: "signup" });
  router.go({ name: "login" }, { replace: true });
  expect([browser.entries.at(-1)?.url, router.invite()]).toEqual(["/login#the-code", "the-code"]);
  router.go({ name: "join" }, { replace: true });
  expect(router.invite()).toBe("the-code");
  router.go({ name: "chat", conversationId }, { replace: true });
  expect([browser.entries.at(-1)?.url, router.invite()]).toEqual([`/chat/${conversationId}`, ""]);
});

test("an invite link that is not wanted leaves the address", () => {
  const browser = fakeBrowser("/join#the-code");
  const router = createRouter(browser);
  router.go({ name: "welcome" }, { replace: true, dropInvite: true });
  expect([browser.entries.at(-1)?.url, router.invite()]).toEqual(["/welcome", ""]);
});
