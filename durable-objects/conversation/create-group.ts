/** The first operation of a group makes the conversation. */
import { encodeBase64url } from "#schema/envelope/base64url.ts";
import type { AccountId, ConversationId } from "#schema/ids.ts";
import type { CreateGroupInput } from "#schema/rpc/conversation.ts";
import type { Registration } from "#schema/rpc/inbox.ts";
import { refusal } from "../support/error-events.ts";
import type { Arrivals } from "./arrivals.ts";
import { freshMarks } from "./create-direct.ts";
import { executeOperation } from "./execute-operation.ts";
import {
  accountsOf,
  entryOf,
  inParallel,
  membershipAfter,
  parseOwnOperation,
  writeOperation,
} from "./group-desk.ts";
import type { GroupStore } from "./group-store.ts";
import type { ConversationStore } from "./store.ts";

export interface CreateGroupContext {
  readonly store: ConversationStore;
  readonly groupStore: GroupStore;
  readonly arrivals: Arrivals;
  readonly register: (
    account: AccountId,
    conversationId: ConversationId,
    createdAtMs: number,
  ) => Promise<Registration>;
  /** Whether the conversation exists. */
  readonly exists: () => boolean;
}

/**
 * Creates the group, or confirms that it was created by this very operation. Throws `group_conflict`, `forbidden`, `malformed`, and
 * `not_found` for a member that does not exist.
 */
export async function createGroup(context: CreateGroupContext, input: CreateGroupInput): Promise<void> {
  const { store, groupStore, arrivals, register, exists } = context;
  const { conversationId, archiveShard, createdAtMs, identity, operation } = input;
  const op = parseOwnOperation(operation, identity);
  if (encodeBase64url(op.groupId) !== conversationId) throw refusal("malformed");
  const head = await executeOperation(undefined, op);
  const accounts = accountsOf(head);
  arrivals.expect(accounts);
  try {
    if (!exists()) {
      const registrations = await inParallel(accounts, (account) =>
        register(account, conversationId, createdAtMs),
      );
      if (!exists()) {
        const sets = registrations.map(({ set }) => arrivals.newest(set));
        const own = sets.find(({ account }) => account === identity.account);
        if (own?.devices.includes(identity.device) !== true) throw refusal("forbidden");
        const devices = sets.reduce((sum, set) => sum + set.devices.length, 0);
        const entry = entryOf(op, head, {
          seq: 1,
          silentCount: 1,
          devices: devices - 1,
          serverTimeMs: createdAtMs,
        });
        const membership = membershipAfter(undefined, head, registrations, sets, entry);
        store.create(
          { conversationId, kind: "group", archiveShard, createdAtMs, ...freshMarks },
          [],
          [],
          () => {
            writeOperation(store, groupStore, head, entry, membership);
          },
        );
        return;
      }
    }
    if (groupStore.operation(1)?.operation !== operation) throw refusal("group_conflict", { epoch: 1 });
  } finally {
    arrivals.release(accounts);
  }
}
