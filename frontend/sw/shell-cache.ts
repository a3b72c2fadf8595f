/** Which requests the app shell answers from its cache. Pure. */
export interface ShellManifest {
  /** Changes with every file, so that each build has a cache of its own. */
  readonly version: string;
  /** Paths of all files of the build; `/` is the shell itself. */
  readonly files: readonly string[];
}

export const cachePrefix = "sotto-shell-";

export function cacheName(manifest: ShellManifest): string {
  return cachePrefix + manifest.version;
}

export interface RequestFacts {
  readonly method: string;
  readonly url: string;
  readonly mode: string;
}

/** The cached path that answers a request, or undefined when the network must. The API is never answered here. */
export function shellPathFor(
  request: RequestFacts,
  origin: string,
  manifest: ShellManifest,
): string | undefined {
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== origin) return undefined;
  if (url.pathname === "/ws" || /^\/(?:api|ws)\//.test(url.pathname)) return undefined;
  if (request.mode === "navigate") return "/";
  return manifest.files.includes(url.pathname) ? url.pathname : undefined;
}

export function outdatedCaches(names: readonly string[], manifest: ShellManifest): readonly string[] {
  return names.filter((name) => name.startsWith(cachePrefix) && name !== cacheName(manifest));
}
