/** Names and types of files come from other people: what is shown and saved is cleaned of what could deceive. */

/** Controls, line ends, marks that reorder text or are invisible, and what file systems give a meaning to. */
const unwanted =
  // oxlint-disable-next-line no-control-regex -- controls are what is removed
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb/\\:*?"<>|]/gu;
/** Names that mean devices on some systems, whatever follows a dot. */
const reserved = /^(?:con|prn|aux|nul|com\d|lpt\d)(?=\.|$)/i;
const shownMaxChars = 120;
const extensionMaxChars = 12;

/** A name that can be shown and saved: one path segment, visible, in reading order, its end (the type) kept. */
export function cleanFileName(name: string): string {
  const visible = name
    .replace(unwanted, "")
    .replaceAll(/\s+/g, " ")
    .replace(/^[. ]+|[. ]+$/g, "");
  const safe = reserved.test(visible) ? `_${visible}` : visible;
  if (safe === "") return "file";
  if (safe.length <= shownMaxChars) return safe.isWellFormed() ? safe : safe.toWellFormed();
  const dot = safe.lastIndexOf(".");
  const end = dot > 0 && safe.length - dot <= extensionMaxChars ? safe.slice(dot) : "";
  return (safe.slice(0, shownMaxChars - 1 - end.length) + "…" + end).toWellFormed();
}

/** A plain `type/subtype` in lower case, without parameters; anything else is a file of no type. */
export function cleanMime(mime: string): string {
  const plain = mime.split(";", 1)[0]?.trim().toLowerCase() ?? "";
  return /^[a-z]+\/[a-z0-9][a-z0-9.+-]{0,60}$/.test(plain) ? plain : "application/octet-stream";
}
