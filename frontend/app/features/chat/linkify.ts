/** Finds web addresses in plain text. Only http and https become links; nothing is ever treated as markup. */
export type TextPart =
  | { readonly type: "text"; readonly text: string }
  | {
      readonly type: "link";
      readonly text: string;
      readonly href: string;
      /** The real host where the written one could deceive: foreign letters, a name before an @, reordered text. */
      readonly realHost: string | undefined;
    };

/** Characters that make text read in another order than it stands. */
const reordering = /[\u202a-\u202e\u2066-\u2069]/;
const candidate = /\b(?:https?:\/\/|www\.)[^\s<>"'`\u2018-\u201f\u00ab\u00bb]+/giu;
const closers: Readonly<Record<string, string>> = { ")": "(", "]": "[", "}": "{" };

/** Punctuation that ends a sentence does not belong to the address; a closing bracket does when it was opened. */
export function withoutTrailingPunctuation(url: string): string {
  let end = url.length;
  while (end > 0) {
    const last = url.charAt(end - 1);
    const opener = closers[last];
    const body = url.slice(0, end);
    if (opener === undefined) {
      if (!/[.,;:!?…]/.test(last)) break;
    } else if (body.split(opener).length >= body.split(last).length) {
      break;
    }
    end -= 1;
  }
  return url.slice(0, end);
}

function tryUrl(written: string): URL | undefined {
  const url = URL.parse(/^https?:/i.test(written) ? written : `https://${written}`);
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) return undefined;
  return url.hostname.includes(".") || url.hostname === "localhost" ? url : undefined;
}

/** The host as written is not the host that opens: foreign letters, or a name before an @. */
function deceives(written: string, url: URL): boolean {
  if (url.username !== "" || url.password !== "") return true;
  const host = written.replace(/^https?:\/\//i, "").split(/[/?#:]/)[0] ?? "";
  return host.toLowerCase() !== url.hostname;
}

export function linkify(text: string): readonly TextPart[] {
  const parts: TextPart[] = [];
  let end = 0;
  for (const match of text.matchAll(candidate)) {
    const written = withoutTrailingPunctuation(match[0]);
    const url = tryUrl(written);
    if (url === undefined) continue;
    if (match.index > end) parts.push({ type: "text", text: text.slice(end, match.index) });
    const realHost = reordering.test(text) || deceives(written, url) ? url.host : undefined;
    parts.push({ type: "link", text: written, href: url.href, realHost });
    end = match.index + written.length;
  }
  if (end < text.length) parts.push({ type: "text", text: text.slice(end) });
  return parts;
}
