/** Usernames: ASCII, folded to lower case, so that no two names look alike (CRYPTO-TESTS 72). */
import * as v from "valibot";
import { limits } from "./limits.ts";

const shape = /^[a-z0-9](?:[a-z0-9]|[._](?=[a-z0-9]))*$/;

/** Words nobody may register, because a stranger with that name would be believed. */
const reserved = new Set(
  `about abuse account accounts admin administrator api app assets billing bot bots contact daemon everyone
  help here host info invite legal login logout mail me moderator news nobody notes null official operator
  owner postmaster privacy push register root security self server service settings signin signout signup
  sotto staff status sudo support sw system team terms undefined user username users webmaster ws www you`.split(
    /\s+/,
  ),
);

/** The one spelling of a username under which it is stored and compared. */
export function foldUsername(text: string): string {
  return text.trim().toLowerCase();
}

/** Why a username cannot be had, or undefined when it can. */
export type UsernameProblem = "too_short" | "too_long" | "characters" | "reserved";

export function usernameProblem(folded: string): UsernameProblem | undefined {
  if (folded.length < limits.usernameMinChars) return "too_short";
  if (folded.length > limits.usernameMaxChars) return "too_long";
  if (!shape.test(folded)) return "characters";
  const bare = folded.replace(/[._]/g, "");
  return reserved.has(bare) ? "reserved" : undefined;
}

/** A username as it stands in a request: folded, of the right shape; reserved words are the server's to refuse. */
export const usernameSchema = v.pipe(
  v.string(),
  v.maxLength(64),
  v.transform(foldUsername),
  v.minLength(limits.usernameMinChars),
  v.maxLength(limits.usernameMaxChars),
  v.regex(shape),
  v.brand("Username"),
);
export type Username = v.InferOutput<typeof usernameSchema>;
