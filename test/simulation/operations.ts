/** Every operation that was made in a run, by its text: what devices would find out by executing it. */
import { createHash } from "node:crypto";
import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";
import type { GroupChange } from "#schema/envelope/group-change.ts";
import { groupOpHashInput, parseGroupOp } from "#schema/envelope/group-op.ts";
import { applyGroupOp, type GroupHead, GroupRefusal } from "#schema/envelope/group-rules.ts";
import type { AccountId, ConversationId } from "#schema/ids.ts";
import { groupIdOf, operationOn, type RawActor } from "#test/support/raw-group.ts";

export interface MadeOperation {
  /** base64url. */
  readonly operation: string;
  readonly groupId: ConversationId;
  readonly change: GroupChange;
  readonly before: GroupHead | undefined;
  readonly head: GroupHead;
  readonly joined: ReadonlySet<AccountId>;
  readonly gone: ReadonlySet<AccountId>;
}

const signature = new Uint8Array(64);

export class Operations {
  readonly #made = new Map<string, MadeOperation>();
  /** By the hash of the operation. */
  readonly #heads = new Map<string, GroupHead>();

  /** Throws `GroupRefusal` for a change that the rules refuse. */
  make(before: GroupHead | undefined, actor: RawActor, change: GroupChange): MadeOperation {
    const { operation, head } = operationOn(before, { ...actor, signature }, change);
    return this.#note(operation, change, before, head);
  }

  #note(
    operation: string,
    change: GroupChange,
    before: GroupHead | undefined,
    head: GroupHead,
  ): MadeOperation {
    const groupId = groupIdOf(head) as ConversationId;
    const old = accountsOf(before);
    const now = accountsOf(head);
    const joined = new Set([...now].filter((account) => !old.has(account)));
    const gone = new Set([...old].filter((account) => !now.has(account)));
    const made = { operation, groupId, change, before, head, joined, gone };
    this.#made.set(operation, made);
    this.#heads.set(encodeBase64url(head.opHash), head);
    return made;
  }

  /** Notes an operation that a real client made; nothing when the rules refuse it. */
  learn(operation: string): void {
    if (this.#made.has(operation)) return;
    const op = parseGroupOp(decodeBase64url(operation));
    const before = this.#heads.get(encodeBase64url(Uint8Array.from(op.prevHash)));
    try {
      const opHash = createHash("sha256").update(groupOpHashInput(op.bytes)).digest();
      const head = { state: applyGroupOp(before, op), opHash: Uint8Array.from(opHash) };
      this.#note(operation, op.change, before, head);
    } catch (error) {
      if (!(error instanceof GroupRefusal)) throw error;
    }
  }

  /** Undefined for a body that is no operation. */
  of(body: string): MadeOperation | undefined {
    return this.#made.get(body);
  }
}

export function accountsOf(head: GroupHead | undefined): Set<AccountId> {
  return new Set(head?.state.members.map(({ accountId }) => encodeBase64url(accountId) as AccountId));
}
