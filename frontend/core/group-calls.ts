/** The client's calls about groups. */
import type { AccountSession } from "./account/account-session.ts";
import type { ClientApi } from "./client-api.ts";
import { guard } from "./client-error.ts";
import type { Environment } from "./environment.ts";
import { InviteCalls } from "./invites/invite-calls.ts";
import { readGroupPicture, viewGroup, viewGroupConversation, viewMessageInfo } from "./group-views.ts";
import type { Records } from "./store/records.ts";
import type { Engine } from "./sync/engine.ts";
import type { EventHub } from "./sync/event-hub.ts";

/** Fetched when somebody changes a group. */
const changes = () => import("./group-api.ts");
const settings = () => import("./group-settings-api.ts");

export abstract class GroupCalls extends InviteCalls {
  readonly #account: AccountSession;

  constructor(environment: Environment, events: EventHub, account: AccountSession) {
    super(environment, events, account);
    this.#account = account;
  }

  createGroup: ClientApi["createGroup"] = (input) =>
    guard(async () => {
      const [engine, records] = this.#signedIn();
      const { createGroup } = await changes();
      return viewGroupConversation(engine, records, await createGroup(engine, records, input));
    });
  /** Views of an ended account stay readable. */
  group: ClientApi["group"] = (conversationId) =>
    guard(() => {
      const { signedIn } = this.#account;
      if (signedIn === undefined) throw this.#account.noSession();
      return viewGroup(signedIn.engine, this.#account.records, conversationId);
    });
  renameGroup: ClientApi["renameGroup"] = (conversationId, name) =>
    guard(async () => (await settings()).renameGroup(...this.#signedIn(), conversationId, name));
  setGroupPicture: ClientApi["setGroupPicture"] = (conversationId, picture) =>
    guard(async () => (await settings()).setGroupPicture(...this.#signedIn(), conversationId, picture));
  groupPicture: ClientApi["groupPicture"] = (conversationId) =>
    guard(() => readGroupPicture(...this.#signedIn(), conversationId));
  addMembers: ClientApi["addMembers"] = (...of) =>
    guard(async () => (await import("./add-members.ts")).addMembers(...this.#signedIn(), ...of));
  removeMember: ClientApi["removeMember"] = (conversationId, account) =>
    guard(async () => (await changes()).removeMember(...this.#signedIn(), conversationId, account));
  setMemberRole: ClientApi["setMemberRole"] = (conversationId, account, role) =>
    guard(async () => (await changes()).setMemberRole(...this.#signedIn(), conversationId, account, role));
  leaveGroup: ClientApi["leaveGroup"] = (conversationId) =>
    guard(async () => (await changes()).leaveGroup(...this.#signedIn(), conversationId));
  dissolveGroup: ClientApi["dissolveGroup"] = (conversationId) =>
    guard(async () => (await changes()).dissolveGroup(...this.#signedIn(), conversationId));
  messageInfo: ClientApi["messageInfo"] = (conversationId, seq) =>
    guard(() => viewMessageInfo(...this.#signedIn(), conversationId, seq));

  #signedIn(): [Engine, Records] {
    return [this.#account.session().engine, this.#account.records];
  }
}
