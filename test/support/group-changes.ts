/** Changes of a group by account id. */
import { decodeBase64url } from "#schema/envelope/base64url.ts";
import { compareBytes } from "#schema/envelope/bytes.ts";
import type { GroupChange, GroupRole } from "#schema/envelope/group-change.ts";
import { grants } from "./raw-group.ts";

export const createChange = {
  add: (...accounts: readonly string[]): GroupChange => ({
    type: "add",
    members: grants(Object.fromEntries(accounts.map((account) => [account, "member" as const]))),
  }),
  remove: (...accounts: readonly string[]): GroupChange => ({
    type: "remove",
    accountIds: accounts.map((account) => decodeBase64url(account)).sort(compareBytes),
  }),
  role: (account: string, role: GroupRole): GroupChange => ({
    type: "role",
    accountId: decodeBase64url(account),
    role,
  }),
  settings: (byte: number): GroupChange => ({ type: "settings", settings: new Uint8Array(64).fill(byte) }),
  deviceEpoch: (listVersion: number): GroupChange => ({ type: "deviceEpoch", listVersion }),
  leave: { type: "leave" } as GroupChange,
  dissolve: { type: "dissolve" } as GroupChange,
};
