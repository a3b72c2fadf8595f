/** The client's calls that lead into an account: registering, logging in, beginning anew. */
import { type ClientApi, ClientError, type LoginResult } from "../client-api.ts";
import { guard } from "../client-error.ts";
import type { Environment } from "../environment.ts";
import { resetClaimTable, storeProfileKey, storeProfileTable } from "../store/own-tables.ts";
import type { AccountSession } from "./account-session.ts";
import { LockCalls } from "./lock-calls.ts";
import type { PendingEntry, PendingLogin } from "./login.ts";
import type { PasswordApi } from "./password-api.ts";
import type { AlarmsView, ResetApi, ResetView } from "./reset-api.ts";

type EntryApi = Pick<ClientApi, "register" | "login" | "completeLogin" | keyof ResetApi | keyof PasswordApi>;

/** Fetched when somebody has lost all keys. */
const resets = () => import("./reset.ts");
/** Fetched when there is another password. */
const passwords = () => import("./change-password.ts");

export abstract class EntryCalls extends LockCalls implements EntryApi {
  readonly #environment: Environment;
  readonly #account: AccountSession;
  #pendingLogin: PendingLogin | undefined;

  constructor(environment: Environment, account: AccountSession) {
    super(environment, account);
    this.#environment = environment;
    this.#account = account;
  }

  register(input: Parameters<ClientApi["register"]>[0]): Promise<{ recoveryCode: string }> {
    return guard(async () => {
      this.#assertSignedOut();
      const { registerAccount } = await import("./registration.ts");
      const { record, session, recoveryCode } = await this.#account.orWiped(() =>
        registerAccount(this.#environment, this.#account.records, input),
      );
      await this.#account.enter(record, session);
      return { recoveryCode };
    });
  }

  login(input: Parameters<ClientApi["login"]>[0]): Promise<LoginResult> {
    return guard(async () => {
      this.#assertSignedOut({ orEnded: true });
      const { beginLogin, passkeysOf } = await import("./login.ts");
      this.#pendingLogin = await beginLogin(this.#environment, input);
      const { answer, username } = this.#pendingLogin;
      const asked = passkeysOf(answer.vault).map(({ credentialId, salt }) => ({ credentialId, salt }));
      const claim = await this.#account.records.read(resetClaimTable, username);
      return {
        step: "recovery_code_needed",
        ...(asked.length > 0 && { passkeys: asked }),
        ...(claim !== undefined && { hasClaim: true }),
      };
    });
  }

  completeLogin(input: Parameters<ClientApi["completeLogin"]>[0]): Promise<void> {
    return guard(() => this.#join(this.#pending(), input));
  }

  resetStanding: ResetApi["resetStanding"] = () => this.#reset("viewReset");
  requestReset: ResetApi["requestReset"] = () => this.#reset("requestReset");
  cancelReset: ResetApi["cancelReset"] = () => this.#reset("cancelReset");

  finishReset({ deviceName }: { deviceName: string }): Promise<{ recoveryCode: string }> {
    return guard(async () => {
      const pending = this.#pending();
      const { finishReset } = await resets();
      const { records } = this.#account;
      const { record, session, recoveryCode } = await this.#account.orWiped(() =>
        finishReset(this.#environment, records, () => this.#account.makeRoom(), pending, deviceName),
      );
      this.#pendingLogin = undefined;
      await this.#account.enter(record, session);
      return { recoveryCode };
    });
  }

  alarms(): Promise<AlarmsView> {
    return guard(async () => {
      const { signedIn, status } = this.#account;
      if (signedIn === undefined || status.state !== "signed_in") return {};
      const { records } = this.#account;
      const { reset, password: told } = signedIn.engine.news;
      const password = told && (await (await passwords()).unknownChange(records, signedIn.engine));
      const profile = await records.read(storeProfileTable, storeProfileKey);
      const copiedAtMs = profile?.elsewhereAtMs;
      return {
        ...(reset && { reset }),
        ...(password && { password }),
        ...(copiedAtMs !== undefined && { copiedAtMs }),
        ...(signedIn.engine.profile.isReplaced && { isReplaced: true }),
      };
    });
  }

  continueHere: ResetApi["continueHere"] = () =>
    guard(async () => {
      const { engine } = this.#account.session();
      engine.profile.goOn();
      engine.reconnectNow();
    });

  stopReset: ResetApi["stopReset"] = () =>
    guard(async () => (await resets()).stopReset(this.#account.session().engine));

  changePassword: PasswordApi["changePassword"] = (input) =>
    guard(async () => {
      const signedIn = this.#account.session();
      const { status, records } = this.#account;
      const username = status.state === "signed_in" ? status.username : "";
      return (await passwords()).changePassword(this.#environment, records, signedIn, username, input);
    });

  recoverAccount: PasswordApi["recoverAccount"] = ({ username, recoveryCode, password, deviceName }) =>
    guard(async () => {
      this.#assertSignedOut({ orEnded: true });
      const { beginRecovery } = await import("./recovery.ts");
      const pending = await beginRecovery(this.#environment, { username, recoveryCode });
      await this.#join(pending, { recoveryCode, deviceName });
      // This device has joined and stays, whatever comes of the password.
      const change = { current: { recoveryCode }, next: password, signOutOthers: false };
      const isPasswordSet = await this.changePassword(change).then(
        () => true,
        () => false,
      );
      return { isPasswordSet };
    });

  acknowledgePassword: PasswordApi["acknowledgePassword"] = () =>
    guard(async () => {
      const { engine } = this.#account.session();
      await (await passwords()).acknowledgePassword(this.#account.records, engine);
    });

  async #join(pending: PendingEntry, input: Parameters<ClientApi["completeLogin"]>[0]): Promise<void> {
    const { finishLogin } = await import("./login.ts");
    const { record, session } = await this.#account.orWiped(() =>
      finishLogin(this.#environment, () => this.#account.makeRoom(), pending, input),
    );
    this.#pendingLogin = undefined;
    await this.#account.enter(record, session);
  }

  #reset(step: "viewReset" | "requestReset" | "cancelReset"): Promise<ResetView> {
    return guard(async () =>
      (await resets())[step](this.#environment, this.#account.records, this.#pending()),
    );
  }

  /** Throws `ClientError` not_signed_in before a password was right. */
  #pending(): PendingLogin {
    this.#assertSignedOut({ orEnded: true });
    if (this.#pendingLogin === undefined) throw new ClientError("not_signed_in");
    return this.#pendingLogin;
  }

  #assertSignedOut(options?: { readonly orEnded: boolean }): void {
    if (options?.orEnded === true && this.#account.status.state === "ended") return;
    if (this.#account.signedIn !== undefined) throw new ClientError("internal");
  }
}
