/** A group of raw clients whose members come and go at its owner's word. */
import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";
import { parseGroupOp } from "#schema/envelope/group-op.ts";
import type { GroupChange } from "#schema/envelope/group-change.ts";
import { createChange } from "../support/group-changes.ts";
import { type RawAccount, type RawAnswer, rawRequest, rawToken } from "../support/raw-account.ts";
import { createOperation, groupIdOf, groupMessage, newKeyId, operationOn } from "../support/raw-group.ts";
import { eventually } from "../support/people.ts";
import type { Speech } from "./speech.ts";

const patienceMs = 60_000;
/** How an operation begins in base64url: version 1, type 0x32. */
const operationStart = /^AT[I-L]/;

interface Stay {
  readonly from: number;
  to: number;
}

export class RawGroup {
  readonly id: string;
  readonly #origin: string;
  readonly #accounts: readonly RawAccount[];
  readonly #stays = new Map<string, Stay[]>();
  #head: ReturnType<typeof createOperation>["head"];

  private constructor(
    origin: string,
    accounts: readonly RawAccount[],
    head: ReturnType<typeof createOperation>["head"],
  ) {
    this.#origin = origin;
    this.#accounts = accounts;
    this.#head = head;
    this.id = groupIdOf(head);
    for (const { account } of accounts) this.#stays.set(account, [{ from: 1, to: Infinity }]);
  }

  /** The first account owns it. */
  static async found(origin: string, accounts: readonly RawAccount[]): Promise<RawGroup> {
    const roles = Object.fromEntries(
      accounts.map(({ account }, index) => [account, index === 0 ? "owner" : "member"] as const),
    );
    const created = createOperation(actorOf(accounts), roles);
    const group = new RawGroup(origin, accounts, created.head);
    await group.#post("/api/conversations/groups", created.operation);
    return group;
  }

  get members(): RawAccount[] {
    return this.#accounts.filter(({ account }) => this.#stays.get(account)?.at(-1)?.to === Infinity);
  }

  async remove(account: string): Promise<void> {
    const seq = await this.#change(createChange.remove(account));
    const stay = this.#stays.get(account)?.at(-1);
    if (stay !== undefined) stay.to = seq;
  }

  async add(account: string): Promise<void> {
    const seq = await this.#change(createChange.add(account));
    this.#stays.get(account)?.push({ from: seq, to: Infinity });
  }

  async #change(change: GroupChange): Promise<number> {
    const { operation, head } = operationOn(this.#head, actorOf(this.#accounts), change);
    const { seq } = await this.#post(`/api/conversations/${this.id}/operations`, operation);
    this.#head = head;
    return seq ?? 0;
  }

  /** The same bytes until they are answered, whatever dies meanwhile. */
  #post(path: string, operation: string): Promise<{ readonly seq?: number }> {
    return eventually(
      path,
      async () => {
        const answer = await this.#try(path, operation).catch(() => undefined); // the server may be dead
        return answer?.body.success === true ? answer.body.data : undefined;
      },
      patienceMs,
    );
  }

  async #try(path: string, operation: string): Promise<RawAnswer> {
    const token = await rawToken(this.#origin, this.#accounts[0]!.devices[0]!);
    return rawRequest(this.#origin, "POST", path, { token, json: { operation } });
  }

  /** How one of its clients speaks. */
  speech({ account: own }: RawAccount): Speech {
    let keyId = newKeyId();
    let holders = new Set<string>();
    const given = new Map<string, readonly string[]>();
    return {
      isOneByOne: true,
      frame: (clientMessageId) => {
        const lacking = this.members.filter(({ account }) => account !== own && !holders.has(account));
        const frame = groupMessage({
          groupId: this.id,
          epoch: this.#head.state.epoch,
          keyId,
          to: lacking.map(({ account }) => ({ account, device: 1 })),
          lists: lacking.map(({ account, list }) => ({ account, version: list.version })),
          ...(clientMessageId === undefined ? {} : { clientMessageId }),
        });
        given.set(
          frame.clientMessageId,
          lacking.map(({ account }) => account),
        );
        return frame;
      },
      refused: ({ error, difference }) => {
        if (error.code === "sender_key_stale") {
          keyId = newKeyId();
          holders = new Set();
        }
        for (const { account } of difference?.missing ?? []) holders.delete(account);
        return ["sender_key_stale", "group_stale", "device_set_mismatch"].includes(error.code);
      },
      acknowledged: (clientMessageId) => {
        for (const account of given.get(clientMessageId) ?? []) holders.add(account);
        given.delete(clientMessageId);
      },
      isArrival: (body) => {
        if (!operationStart.test(body)) return false;
        const { change } = parseGroupOp(decodeBase64url(body));
        const comes = change.type === "add" || change.type === "create" ? change.members : [];
        return comes.some(({ accountId }) => encodeBase64url(accountId) === own);
      },
      stays: () => this.#stays.get(own),
    };
  }
}

function actorOf([owner]: readonly RawAccount[]) {
  const device = owner?.devices[0];
  if (owner === undefined || device === undefined) throw new Error("nobody owns it");
  return { account: owner.account, device: 1, signingKey: device.own.keys.dsk.secret };
}
