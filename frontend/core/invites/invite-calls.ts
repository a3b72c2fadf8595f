/** The client's calls about invite links. All behind them is fetched when somebody uses one. */
import type { AccountSession } from "../account/account-session.ts";
import { guard } from "../client-error.ts";
import type { Environment } from "../environment.ts";
import type { EventHub } from "../sync/event-hub.ts";
import { TrustCalls } from "../trust-calls.ts";
import type { InviteApi } from "./invite-api.ts";
import type { Invites } from "./invites.ts";

export abstract class InviteCalls extends TrustCalls implements InviteApi {
  readonly #open: () => Promise<Invites>;

  constructor(environment: Environment, events: EventHub, account: AccountSession) {
    super(environment, events, account);
    this.#open = async () => new (await import("./invites.ts")).Invites(environment, events, account);
  }

  groupInvite: InviteApi["groupInvite"] = (...of) => this.#ask((invites) => invites.groupInvite(...of));
  setInvite: InviteApi["setInvite"] = (...of) => this.#ask((invites) => invites.setInvite(...of));
  endInvite: InviteApi["endInvite"] = (...of) => this.#ask((invites) => invites.endInvite(...of));
  joinRequests: InviteApi["joinRequests"] = (...of) => this.#ask((invites) => invites.joinRequests(...of));
  approveJoin: InviteApi["approveJoin"] = (...of) => this.#ask((invites) => invites.approveJoin(...of));
  refuseJoin: InviteApi["refuseJoin"] = (...of) => this.#ask((invites) => invites.refuseJoin(...of));
  previewInvite: InviteApi["previewInvite"] = (...of) => this.#ask((invites) => invites.previewInvite(...of));
  acceptInvite: InviteApi["acceptInvite"] = (...of) => this.#ask((invites) => invites.acceptInvite(...of));
  pendingJoins: InviteApi["pendingJoins"] = (...of) => this.#ask((invites) => invites.pendingJoins(...of));
  forgetJoin: InviteApi["forgetJoin"] = (...of) => this.#ask((invites) => invites.forgetJoin(...of));

  #ask<Answer>(question: (invites: Invites) => Promise<Answer>): Promise<Answer> {
    return guard(async () => question(await this.#open()));
  }
}
