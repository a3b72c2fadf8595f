/** Passes on what conversation objects have to hear, and keeps trying: at once, then from an alarm. */
import type { ConversationId } from "#schema/ids.ts";
import type { ConversationRpc } from "#schema/rpc/conversation.ts";
import type { DeviceSet } from "#schema/rpc/shared.ts";
import type { Notices } from "./notices.ts";

type Conversations = (id: ConversationId) => Pick<ConversationRpc, "accountChanged" | "receipts">;

export interface PostmanContext {
  readonly notices: Notices;
  readonly set: () => DeviceSet;
  readonly conversation: Conversations;
}

/** Calls under way at once. */
const parallelCalls = 20;

export class Postman {
  readonly #context: PostmanContext;

  constructor(context: PostmanContext) {
    this.#context = context;
  }

  /** Tells every conversation that has not heard of the newest epoch. Throws when one could not be reached. */
  async tellChanges(): Promise<void> {
    const { notices, conversation } = this.#context;
    const set = this.#context.set();
    const owed = notices.owedChanges(set.epoch);
    for (let start = 0; start < owed.length; start += parallelCalls) {
      const results = await Promise.allSettled(
        owed.slice(start, start + parallelCalls).map(async ({ conversationId, endedSessions }) => {
          // A refusal means that there is no one to tell; trying again would not change it.
          await conversation(conversationId).accountChanged({ set, endedSessions });
          notices.changeTold(conversationId, set.epoch);
        }),
      );
      throwFirst(results);
    }
  }

  /** Passes on receipts; ones that are refused for good are dropped. Throws when a conversation could not be reached. */
  async tellReceipts(): Promise<void> {
    const { notices, conversation } = this.#context;
    const { account, devices } = this.#context.set();
    for (let owed = notices.owedReceipts(parallelCalls); owed.length > 0;) {
      const results = await Promise.allSettled(
        owed.map(async (receipt) => {
          const { conversationId, device, delivered, read } = receipt;
          const result = await conversation(conversationId).receipts({ account, device, delivered, read });
          // It has not heard of the device yet, and will, unless the device is gone before.
          if (!result.ok && result.kind === "unavailable" && devices.includes(device)) throw unheard();
          notices.receiptTold(receipt);
        }),
      );
      throwFirst(results);
      owed = notices.owedReceipts(parallelCalls);
    }
  }
}

function unheard(): Error {
  return new Error("the conversation has not heard of a device");
}

function throwFirst(results: readonly PromiseSettledResult<void>[]): void {
  const failed = results.find((result) => result.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}
