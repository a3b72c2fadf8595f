/** What the client does with invite links, put together. */
import type { AccountSession } from "../account/account-session.ts";
import type { Environment } from "../environment.ts";
import type { Records } from "../store/records.ts";
import type { Engine } from "../sync/engine.ts";
import type { EventHub } from "../sync/event-hub.ts";
import type { InviteApi } from "./invite-api.ts";
import * as links from "./invite-links.ts";
import * as joining from "./joining.ts";

export class Invites implements InviteApi {
  readonly #environment: Environment;
  readonly #events: EventHub;
  readonly #account: AccountSession;

  constructor(environment: Environment, events: EventHub, account: AccountSession) {
    this.#environment = environment;
    this.#events = events;
    this.#account = account;
  }

  groupInvite: InviteApi["groupInvite"] = async (conversationId) =>
    links.viewInvite(...this.#signedIn(), conversationId);
  setInvite: InviteApi["setInvite"] = async (conversationId, terms) =>
    links.setInvite(...this.#signedIn(), conversationId, terms);
  endInvite: InviteApi["endInvite"] = async (conversationId) =>
    links.endInvite(...this.#signedIn(), conversationId);
  joinRequests: InviteApi["joinRequests"] = async (conversationId) =>
    links.joinRequests(...this.#signedIn(), conversationId);
  approveJoin: InviteApi["approveJoin"] = async (...of) => links.approveJoin(...this.#signedIn(), ...of);
  refuseJoin: InviteApi["refuseJoin"] = async (conversationId, account) =>
    links.refuseJoin(this.#signedIn()[0], conversationId, account);

  previewInvite: InviteApi["previewInvite"] = (link) => {
    const { signedIn, status } = this.#account;
    const engine = status.state === "signed_in" ? signedIn?.engine : undefined;
    return joining.previewInvite(this.#environment, engine, link);
  };
  acceptInvite: InviteApi["acceptInvite"] = async (link) => {
    const accepted = await joining.acceptInvite(this.#environment, ...this.#signedIn(), link);
    this.#events.emit({ type: "joins" });
    return accepted;
  };
  pendingJoins: InviteApi["pendingJoins"] = async () => joining.pendingJoins(...this.#signedIn());
  forgetJoin: InviteApi["forgetJoin"] = async (conversationId) => {
    await joining.forgetJoin(this.#signedIn()[1], conversationId);
    this.#events.emit({ type: "joins" });
  };

  #signedIn(): [Engine, Records] {
    return [this.#account.session().engine, this.#account.records];
  }
}
