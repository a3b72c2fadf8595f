/** A recovery code as people type it: 8 groups of 5 characters in Crockford's Base32. */
const groupCount = 8;
const groupChars = 5;
export const recoveryCodeChars = groupCount * groupChars;

const alphabet = /^[0-9A-HJKMNP-TV-Z]$/;
const lookAlikes: Readonly<Record<string, string>> = { O: "0", I: "1", L: "1" };

/** Upper case without separators, look-alikes folded the way Base32 means them. */
export function normalizeRecoveryCode(typed: string): string {
  return typed
    .toUpperCase()
    .replace(/[\s\p{Pd}_.,]+/gu, "")
    .replace(/[OIL]/g, (character) => lookAlikes[character] ?? character);
}

/** `ABCDE-FGHJK-…`, as printed. */
export function formatRecoveryCode(normalized: string): string {
  return groupsOf(normalized).join("-");
}

export function groupsOf(code: string): readonly string[] {
  return normalizeRecoveryCode(code).match(/.{1,5}/g) ?? [];
}

export type RecoveryCodeEntry =
  | { readonly state: "incomplete"; readonly entered: number }
  | { readonly state: "wrong_character"; readonly character: string }
  | { readonly state: "too_long"; readonly entered: number }
  | { readonly state: "complete"; readonly code: string };

export function checkRecoveryCode(typed: string): RecoveryCodeEntry {
  const code = normalizeRecoveryCode(typed);
  const wrong = Array.from(code).find((character) => !alphabet.test(character));
  if (wrong !== undefined) return { state: "wrong_character", character: wrong };
  if (code.length > recoveryCodeChars) return { state: "too_long", entered: code.length };
  if (code.length < recoveryCodeChars) return { state: "incomplete", entered: code.length };
  return { state: "complete", code: formatRecoveryCode(code) };
}
