import { expect, test } from "vitest";
import { cacheName, outdatedCaches, shellPathFor } from "./shell-cache.ts";

const origin = "https://sotto.example";
const manifest = { version: "v2", files: ["/", "/assets/main-abc.js", "/theme.js"] };
const get = (pathname: string, mode = "cors", method = "GET") => ({ method, mode, url: origin + pathname });

test.each(["/", "/chat/AAAAAAAAAAAAAAAAAAAAAA", "/settings?x=1"])(
  "opening %s is answered with the shell",
  (pathname) => {
    expect(shellPathFor(get(pathname, "navigate"), origin, manifest)).toBe("/");
  },
);

test("files of the build come from the cache, others from the network", () => {
  expect(shellPathFor(get("/assets/main-abc.js"), origin, manifest)).toBe("/assets/main-abc.js");
  expect(shellPathFor(get("/assets/main-old.js"), origin, manifest)).toBe(undefined);
});

test.each([
  ["the API", get("/api/users/anna")],
  ["an API address opened in a tab", get("/api/openapi.json", "navigate")],
  ["a socket", get("/ws/inbox", "navigate")],
  ["a write", get("/", "navigate", "POST")],
  ["another origin", { method: "GET", mode: "navigate", url: "https://elsewhere.example/" }],
])("%s is never answered from the cache", (_title, request) => {
  expect(shellPathFor(request, origin, manifest)).toBe(undefined);
});

test("only the shell's own outdated caches are removed", () => {
  expect(outdatedCaches(["sotto-shell-v1", cacheName(manifest), "media"], manifest)).toEqual([
    "sotto-shell-v1",
  ]);
});
