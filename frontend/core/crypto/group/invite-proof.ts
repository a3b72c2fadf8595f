import { type JoinProof, joinProofMessage } from "#schema/envelope/group-invite.ts";
import { type Provider } from "../provider.ts";

/** Whether `accountId` has shown that it knows the secret of this group's invite with `publicKey` (decision 121). */
export function isInviteProven(
  provider: Provider,
  groupId: Uint8Array,
  { publicKey, proof }: JoinProof,
  accountId: Uint8Array,
): boolean {
  return provider.verify(publicKey, joinProofMessage(groupId, publicKey, accountId), proof);
}
