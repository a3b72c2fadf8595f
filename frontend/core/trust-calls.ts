/** The client's calls about who one is talking to, and to the moderators. */
import type { AccountSession } from "./account/account-session.ts";
import { DeviceCalls } from "./account/device-calls.ts";
import { guard } from "./client-error.ts";
import type { Environment } from "./environment.ts";
import type { Engine } from "./sync/engine.ts";
import type { EventHub } from "./sync/event-hub.ts";
import type { Trust } from "./sync/trust.ts";
import type { TrustApi } from "./trust-api.ts";

export abstract class TrustCalls extends DeviceCalls implements TrustApi {
  readonly #environment: Environment;
  readonly #account: AccountSession;
  #known: Trust | undefined;

  constructor(environment: Environment, events: EventHub, account: AccountSession) {
    super(environment, events, account);
    this.#environment = environment;
    this.#account = account;
  }

  safetyNumber: TrustApi["safetyNumber"] = (account) =>
    guard(async () => (await this.#trust()).safetyNumber(account));
  compareSafetyNumber: TrustApi["compareSafetyNumber"] = (account, text) =>
    guard(async () => (await this.#trust()).compare(account, text));
  markVerified: TrustApi["markVerified"] = (account, key) =>
    guard(async () => (await this.#trust()).verify(account, key));
  clearVerified: TrustApi["clearVerified"] = (account) =>
    guard(async () => (await this.#trust()).clear(account));
  confirmIdentity: TrustApi["confirmIdentity"] = (account) =>
    guard(async () => (await this.#trust()).confirm(account));

  canReport: TrustApi["canReport"] = async () => this.#environment.reportKey !== undefined;
  reportMessage: TrustApi["reportMessage"] = (input) =>
    guard(async () => {
      const { sendReport } = await import("./sync/reports.ts");
      await sendReport(this.#engine(), this.#account.records, this.#environment.reportKey, input);
    });

  /** Fetched when somebody looks at a number or a changed key. */
  async #trust(): Promise<Trust> {
    const { Trust } = await import("./sync/trust.ts");
    const engine = this.#engine();
    if (this.#known?.engine !== engine) this.#known = new Trust(engine);
    return this.#known;
  }

  /** Of the account that is signed in now. */
  #engine(): Engine {
    return this.#account.session().engine;
  }
}
