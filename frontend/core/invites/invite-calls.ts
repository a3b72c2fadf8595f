/** The client's calls about invite links. All of it is fetched when somebody uses one. */
import type { AccountSession } from "../account/account-session.ts";
import { DeviceCalls } from "../account/device-calls.ts";
import { ClientError } from "../client-api.ts";
import { guard } from "../client-error.ts";
import type { Environment } from "../environment.ts";
import type { Records } from "../store/records.ts";
import type { Engine } from "../sync/engine.ts";
import type { EventHub } from "../sync/event-hub.ts";
import type { InviteApi } from "./invite-api.ts";

const links = () => import("./invite-links.ts");
const joining = () => import("./joining.ts");

export abstract class InviteCalls extends DeviceCalls implements InviteApi {
  readonly #environment: Environment;
  readonly #events: EventHub;
  readonly #account: AccountSession;

  constructor(environment: Environment, events: EventHub, account: AccountSession) {
    super(environment, events, account);
    this.#environment = environment;
    this.#events = events;
    this.#account = account;
  }

  groupInvite: InviteApi["groupInvite"] = (conversationId) =>
    guard(async () => (await links()).viewInvite(...this.#signedIn(), conversationId));
  setInvite: InviteApi["setInvite"] = (conversationId, terms) =>
    guard(async () => (await links()).setInvite(...this.#signedIn(), conversationId, terms));
  endInvite: InviteApi["endInvite"] = (conversationId) =>
    guard(async () => (await links()).endInvite(...this.#signedIn(), conversationId));
  joinRequests: InviteApi["joinRequests"] = (conversationId) =>
    guard(async () => (await links()).joinRequests(...this.#signedIn(), conversationId));
  approveJoin: InviteApi["approveJoin"] = (conversationId, account) =>
    guard(async () => (await links()).approveJoin(...this.#signedIn(), conversationId, account));
  refuseJoin: InviteApi["refuseJoin"] = (conversationId, account) =>
    guard(async () => (await links()).refuseJoin(this.#signedIn()[0], conversationId, account));

  previewInvite: InviteApi["previewInvite"] = (link) =>
    guard(async () => {
      const { previewInvite } = await joining();
      const { signedIn, status } = this.#account;
      return previewInvite(
        this.#environment,
        status.state === "signed_in" ? signedIn?.engine : undefined,
        link,
      );
    });
  acceptInvite: InviteApi["acceptInvite"] = (link) =>
    guard(async () => {
      const accepted = await (await joining()).acceptInvite(this.#environment, ...this.#signedIn(), link);
      this.#events.emit({ type: "joins" });
      return accepted;
    });
  pendingJoins: InviteApi["pendingJoins"] = () =>
    guard(async () => (await joining()).pendingJoins(...this.#signedIn()));
  forgetJoin: InviteApi["forgetJoin"] = (conversationId) =>
    guard(async () => {
      await (await joining()).forgetJoin(this.#signedIn()[1], conversationId);
      this.#events.emit({ type: "joins" });
    });

  #signedIn(): [Engine, Records] {
    const { signedIn, status, records } = this.#account;
    if (signedIn === undefined || status.state !== "signed_in") throw new ClientError("not_signed_in");
    return [signedIn.engine, records];
  }
}
