/** What a generated avatar shows: initials, and one of twelve hues that is the same on every device. */
export const avatarHues = 12;

/** FNV-1a over the account id: stable, spread evenly, nothing secret about it. */
export function avatarHue(accountId: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < accountId.length; index += 1) {
    hash = Math.imul(hash ^ accountId.charCodeAt(index), 0x01000193);
  }
  return (hash >>> 0) % avatarHues;
}

/** One letter for a plain name, two for `first.last`; never a lone punctuation mark. */
export function initials(name: string): string {
  const parts = name.split(/[._\s-]+/).filter((part) => part !== "");
  const first = firstLetter(parts[0]);
  const second = parts.length > 1 ? firstLetter(parts.at(-1)) : "";
  return (first + second).toUpperCase();
}

/** A whole character, also where it takes two units. */
function firstLetter(part: string | undefined): string {
  const code = part?.codePointAt(0);
  return code === undefined ? "" : String.fromCodePoint(code);
}
