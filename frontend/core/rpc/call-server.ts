/** Answers calls with a client. A call that comes again is not carried out again: it gets the first one's answer. */
import { type ClientApi, ClientError } from "../client-api.ts";
import type { ClientMethod, RpcAnswer, RpcCall } from "./messages.ts";

/** Answers kept for repeated calls; more than any caller has open at once. */
const remembered = 500;

/** The compiler sees to it that none is missing. */
const methods = {
  accountStatus: true,
  connectionStatus: true,
  register: true,
  login: true,
  completeLogin: true,
  logout: true,
  forget: true,
  listSessions: true,
  listConversations: true,
  startConversation: true,
  listMessages: true,
  sendText: true,
  retryMessage: true,
  discardMessage: true,
  saveDraft: true,
  openConversation: true,
  closeConversation: true,
  markRead: true,
  presenceAudience: true,
  setPresenceAudience: true,
  setTyping: true,
  safetyNumber: true,
  compareSafetyNumber: true,
  markVerified: true,
  clearVerified: true,
  confirmIdentity: true,
  canReport: true,
  reportMessage: true,
  reconnectNow: true,
} as const satisfies Record<ClientMethod, true>;

export class CallServer {
  readonly #client: ClientApi;
  readonly #answers = new Map<string, Promise<RpcAnswer>>();

  constructor(client: ClientApi) {
    this.#client = client;
  }

  /** Never rejects. */
  answer(call: RpcCall): Promise<RpcAnswer> {
    const known = this.#answers.get(call.id);
    if (known !== undefined) return known;
    const answer = this.#perform(call);
    this.#answers.set(call.id, answer);
    for (const oldest of this.#answers.keys()) {
      if (this.#answers.size <= remembered) break;
      this.#answers.delete(oldest);
    }
    return answer;
  }

  async #perform({ id, method, args }: RpcCall): Promise<RpcAnswer> {
    try {
      if (!Object.hasOwn(methods, method)) throw new ClientError("internal");
      const perform = this.#client[method] as (...input: readonly unknown[]) => Promise<unknown>;
      return { type: "answer", id, ok: true, value: await perform.apply(this.#client, [...args]) };
    } catch (error) {
      const { code, retryAfterMs } = error instanceof ClientError ? error : new ClientError("internal");
      return { type: "answer", id, ok: false, code, retryAfterMs };
    }
  }
}
