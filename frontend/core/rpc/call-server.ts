/** Answers calls with a client. A call that comes again is not carried out again: it gets the first one's answer. */
import { type ClientApi, ClientError } from "../client-api.ts";
import type { Environment } from "../environment.ts";
import type { ClientMethod, RpcAnswer, RpcCall } from "./messages.ts";

/** Answers kept for repeated calls; more than any caller has open at once. */
const remembered = 500;

/** What may be called. Whether its answer is kept: not where repeating the call does no harm and the answer is large. */
const methods: Readonly<Record<ClientMethod, "kept" | "not_kept">> = {
  accountStatus: "kept",
  connectionStatus: "kept",
  register: "kept",
  login: "kept",
  completeLogin: "kept",
  resetStanding: "kept",
  requestReset: "kept",
  cancelReset: "kept",
  finishReset: "kept",
  alarms: "kept",
  stopReset: "kept",
  continueHere: "kept",
  changePassword: "kept",
  recoverAccount: "kept",
  acknowledgePassword: "kept",
  logout: "kept",
  forget: "kept",
  listSessions: "kept",
  listDevices: "kept",
  recentDevices: "kept",
  renameDevice: "kept",
  removeDevice: "kept",
  listPasskeys: "kept",
  addPasskey: "kept",
  removePasskey: "kept",
  joinByLink: "kept",
  linkDevice: "kept",
  approveLink: "kept",
  cancelLink: "kept",
  linkStatus: "kept",
  appLock: "kept",
  setAppLock: "kept",
  removeAppLock: "kept",
  setAutoLock: "kept",
  lockNow: "kept",
  unlock: "kept",
  attend: "kept",
  listConversations: "kept",
  startConversation: "kept",
  listMessages: "kept",
  sendText: "kept",
  maxFileBytes: "kept",
  sendFiles: "kept",
  downloadAttachment: "kept",
  cancelDownload: "kept",
  readAttachment: "not_kept",
  retryMessage: "kept",
  discardMessage: "kept",
  saveDraft: "kept",
  openConversation: "kept",
  closeConversation: "kept",
  markRead: "kept",
  presenceAudience: "kept",
  setPresenceAudience: "kept",
  setTyping: "kept",
  backupStatus: "kept",
  saveBackup: "kept",
  exportBackup: "not_kept",
  importBackup: "kept",
  createGroup: "kept",
  group: "kept",
  renameGroup: "kept",
  setGroupPicture: "kept",
  groupPicture: "not_kept",
  addMembers: "kept",
  removeMember: "kept",
  setMemberRole: "kept",
  leaveGroup: "kept",
  dissolveGroup: "kept",
  messageInfo: "kept",
  safetyNumber: "kept",
  compareSafetyNumber: "kept",
  markVerified: "kept",
  clearVerified: "kept",
  confirmIdentity: "kept",
  canReport: "kept",
  reportMessage: "kept",
  groupInvite: "kept",
  setInvite: "kept",
  endInvite: "kept",
  joinRequests: "kept",
  approveJoin: "kept",
  refuseJoin: "kept",
  previewInvite: "kept",
  acceptInvite: "kept",
  pendingJoins: "kept",
  forgetJoin: "kept",
  reconnectNow: "kept",
};

/** What can be answered from what is stored, before the keys are there. */
const early: ReadonlySet<ClientMethod> = new Set([
  "accountStatus",
  "connectionStatus",
  "appLock",
  "attend",
  "unlock",
  "lockNow",
  "listConversations",
  "backupStatus",
]);

function isMethod(name: string): name is ClientMethod {
  return Object.hasOwn(methods, name);
}

export class CallServer {
  readonly #client: ClientApi;
  readonly #keysReady: Environment["keysReady"];
  readonly #answers = new Map<string, Promise<RpcAnswer>>();

  /** Most calls wait for `keysReady`, and fail with `offline` when the keys cannot be had. */
  constructor(client: ClientApi, keysReady?: Environment["keysReady"]) {
    this.#client = client;
    this.#keysReady = keysReady;
  }

  /** Drops the kept answers: they hold what was read. */
  forget(): void {
    this.#answers.clear();
  }

  /** Never rejects. */
  answer(call: RpcCall): Promise<RpcAnswer> {
    const known = this.#answers.get(call.id);
    if (known !== undefined) return known;
    const answer = this.#perform(call);
    if (isMethod(call.method) && methods[call.method] === "not_kept") return answer;
    this.#answers.set(call.id, answer);
    for (const oldest of this.#answers.keys()) {
      if (this.#answers.size <= remembered) break;
      this.#answers.delete(oldest);
    }
    return answer;
  }

  async #untilReady(): Promise<void> {
    try {
      await this.#keysReady?.();
    } catch {
      throw new ClientError("offline");
    }
  }

  async #perform({ id, method, args }: RpcCall): Promise<RpcAnswer> {
    try {
      if (!isMethod(method)) throw new ClientError("internal");
      if (!early.has(method)) await this.#untilReady();
      const perform = this.#client[method] as (...input: readonly unknown[]) => Promise<unknown>;
      return { type: "answer", id, ok: true, value: await perform.apply(this.#client, [...args]) };
    } catch (error) {
      const { code, retryAfterMs } = error instanceof ClientError ? error : new ClientError("internal");
      return { type: "answer", id, ok: false, code, retryAfterMs };
    }
  }
}
