/** Keeps the app shell, so that Sotto opens without a network. A new version waits until the person takes it. */
import { answerMedia } from "./media.ts";
import { mediaRequestOf } from "./media-ranges.ts";
import { cacheName, outdatedCaches, type ShellManifest, shellPathFor } from "./shell-cache.ts";

declare const self: ServiceWorkerGlobalScope;
/** Put here by the build. */
declare const __SHELL_MANIFEST__: ShellManifest;
const manifest: ShellManifest = __SHELL_MANIFEST__;

async function install(): Promise<void> {
  const cache = await caches.open(cacheName(manifest));
  await cache.addAll(manifest.files.map((path) => new Request(path, { cache: "no-cache" })));
}

async function activate(): Promise<void> {
  const outdated = outdatedCaches(await caches.keys(), manifest);
  await Promise.all(outdated.map((name) => caches.delete(name)));
  await self.clients.claim();
}

async function answer(path: string, request: Request): Promise<Response> {
  const cache = await caches.open(cacheName(manifest));
  return (await cache.match(path)) ?? fetch(request);
}

self.addEventListener("install", (event) => event.waitUntil(install()));
self.addEventListener("activate", (event) => event.waitUntil(activate()));
self.addEventListener("fetch", (event) => {
  const media = mediaRequestOf(event.request, event.request.headers.get("range"), self.location.origin);
  if (media !== undefined) return event.respondWith(answerMedia(event.clientId, media));
  const path = shellPathFor(event.request, self.location.origin, manifest);
  if (path !== undefined) event.respondWith(answer(path, event.request));
});
self.addEventListener("message", (event) => {
  const data: unknown = event.data;
  if (typeof data !== "object" || data === null || !("type" in data)) return;
  if (data.type === "skip_waiting") event.waitUntil(self.skipWaiting());
});
