/** The one policy of this app: scripts come from our own origin and from nowhere else. */
interface PolicyFactory {
  createPolicy(
    name: string,
    rules: { createScriptURL(url: string): string },
  ): { createScriptURL(url: string): string };
}

declare global {
  interface Window {
    readonly trustedTypes?: PolicyFactory;
  }
}

function ownScript(url: string): string {
  const absolute = new URL(url, location.href);
  if (absolute.origin !== location.origin) throw new TypeError("scripts come from this origin only");
  return absolute.href;
}

const policy = window.trustedTypes?.createPolicy("sotto-script", { createScriptURL: ownScript });

/** What `new Worker` and service worker registration accept under a strict Content-Security-Policy. */
export function scriptUrl(url: string): string {
  return policy === undefined ? ownScript(url) : policy.createScriptURL(url);
}
