import { limits } from "#schema/limits.ts";

/** A rough, local hint. It never sends or stores anything and never forbids what is long enough. */
export const passwordMinChars = limits.passwordMinChars;

export type PasswordStrength = "too_short" | "weak" | "fair" | "strong";

const ordinary =
  /(pass ?w(or)?d|passwort|qwert|asdf|letmein|welcome|iloveyou|12345|abcde|abc123|admin|sotto)/i;

/** Longest run that adds nothing: the same character, or neighbours in the alphabet or on the number row. */
function longestDullRun(password: string): number {
  let longest = 1;
  let run = 1;
  for (let index = 1; index < password.length; index += 1) {
    const step = Math.abs(password.charCodeAt(index) - password.charCodeAt(index - 1));
    run = step <= 1 ? run + 1 : 1;
    longest = Math.max(longest, run);
  }
  return longest;
}

export function passwordStrength(password: string, username: string): PasswordStrength {
  const length = Array.from(password).length;
  if (length < passwordMinChars) return "too_short";
  const distinct = new Set(password).size;
  const holdsName = username.length >= 3 && password.toLowerCase().includes(username.toLowerCase());
  if (distinct < 6 || longestDullRun(password) > 4 || ordinary.test(password) || holdsName) return "weak";
  const kinds = [/\p{Ll}/u, /\p{Lu}/u, /\p{Nd}/u, /[^\p{L}\p{Nd}]/u].filter((kind) =>
    kind.test(password),
  ).length;
  return length >= 16 || (length >= 13 && kinds >= 3) ? "strong" : "fair";
}
