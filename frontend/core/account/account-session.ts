/** Which account this installation has: taken up at start, entered, ended by the server, wiped. */
import type { Session } from "#schema/http/auth.ts";
import { type AccountStatus, ClientError } from "../client-api.ts";
import { assertAsymmetricWorks, assertSymmetricWorks } from "../crypto/self-test.ts";
import { delay, type Environment } from "../environment.ts";
import { type ClientStorage, openRecords } from "../store/client-storage.ts";
import type { AppLock, AppLockStore } from "../store/app-lock-store.ts";
import type { Records } from "../store/records.ts";
import { resetClaimTable } from "../store/own-tables.ts";
import { accountKey, type AccountRecord, accountTable } from "../store/tables.ts";
import type { EventHub } from "../sync/event-hub.ts";
import type { LockQuestion, LockView } from "./lock-api.ts";
import { inBackground } from "../sync/lane.ts";
import { openSignedIn, type SignedIn } from "./signed-in.ts";

/** The network may be back then. */
const prepareAgainMs = 5_000;

export class AccountSession {
  readonly #environment: Environment;
  readonly #storage: ClientStorage;
  readonly #events: EventHub;
  /** Undefined while locked. */
  #records: Records | undefined;
  #signedIn: SignedIn | undefined;
  #status: AccountStatus = { state: "signed_out" };

  private constructor(environment: Environment, storage: ClientStorage, events: EventHub) {
    this.#environment = environment;
    this.#storage = storage;
    this.#events = events;
  }

  /** Continues where the last use of the store ended, unless there is an app lock. Throws `StoreError`, and what the self-test throws. */
  static async open(
    environment: Environment,
    storage: ClientStorage,
    events: EventHub,
  ): Promise<AccountSession> {
    const { provider, keysReady } = environment;
    assertSymmetricWorks(provider);
    if (keysReady === undefined) assertAsymmetricWorks(provider);
    const session = new AccountSession(environment, storage, events);
    const lock = await storage.appLock?.read();
    if (lock === undefined) await session.#takeUp(await openRecords(environment, storage));
    else session.#status = lockedStatus(lock);
    return session;
  }

  /** Throws `ClientError` locked. */
  get records(): Records {
    if (this.#records === undefined) throw new ClientError("locked");
    return this.#records;
  }

  get lockStore(): AppLockStore | undefined {
    return this.#storage.appLock;
  }

  /** The lock as a person knows it. Throws `StoreError`. */
  async lockView(): Promise<LockView | undefined> {
    const lock = await this.#storage.appLock?.read();
    return lock && { question: questionOf(lock.way), autoLockMs: lock.autoLockMs };
  }

  /** Where no lock is on. The caller owns the copy. Throws `StoreError`. */
  bareMasterKey(): Promise<Uint8Array> {
    return this.#storage.openMasterKey();
  }

  get status(): AccountStatus {
    return this.#status;
  }

  /** Tokens and engine of the account, also of one whose session ended. */
  get signedIn(): SignedIn | undefined {
    return this.#signedIn;
  }

  /** The account that is signed in now. Throws `ClientError` locked, not_signed_in. */
  session(): SignedIn {
    if (this.#signedIn === undefined || this.#status.state !== "signed_in") throw this.noSession();
    return this.#signedIn;
  }

  /** Why there is nothing to work with. */
  noSession(): ClientError {
    return new ClientError(this.#status.state === "locked" ? "locked" : "not_signed_in");
  }

  /** Stops the network and releases the store. */
  async close(): Promise<void> {
    this.#stop();
    await this.#records?.idle();
    await this.#storage.store.close();
  }

  #stop(): void {
    const signedIn = this.#signedIn;
    signedIn?.engine.stop();
    void inBackground(async () => (await signedIn?.revocations())?.stop());
  }

  /** Forgets the master key and everything that was opened with it. The server is told nothing. */
  async lock(lock: AppLock): Promise<void> {
    const records = this.#records;
    this.#stop();
    this.#signedIn = undefined;
    this.#records = undefined;
    this.#setStatus(lockedStatus(lock));
    await records?.lock();
  }

  /** Takes over `masterKey`. Throws `StoreError`. */
  async unlock(masterKey: Uint8Array): Promise<void> {
    await this.#takeUp(await openRecords(this.#environment, this.#storage, masterKey));
  }

  /** The lock was turned on or off while it is open. */
  noteLockable(isLockable: boolean): void {
    if (this.#status.state !== "signed_in") return;
    const { account, username, deviceId } = this.#status;
    this.#setStatus({
      state: "signed_in",
      account,
      username,
      deviceId,
      ...(isLockable && { isLockable }),
    });
  }

  async #takeUp(records: Records): Promise<void> {
    this.#records = records;
    const record = await records.read(accountTable, accountKey);
    if (record === undefined) return this.#setStatus({ state: "signed_out" });
    if (record.state !== "registering") return this.enter(record, undefined);
    // The process ended before the server's answer.
    await this.#keepingClaims(() => this.#erase());
    this.#setStatus({ state: "signed_out" });
  }

  async enter(record: AccountRecord, session: Session | undefined): Promise<void> {
    const signedIn = await openSignedIn(
      this.#environment,
      this.records,
      this.#storage.blobs,
      record,
      this.#events,
      {
        renewed: (renewed) => this.#changeAccount((before) => withSession(before, renewed)),
        ended: (reason) => this.#end(record.username, reason),
      },
    );
    if (session !== undefined) signedIn.tokens.adopt(session);
    this.#signedIn = signedIn;
    const { account, username, deviceId } = record;
    const isLockable = (await this.#storage.appLock?.read()) !== undefined;
    if (record.state === "ended") {
      this.#setStatus({ state: "ended", username, reason: record.endedReason ?? "logged_out" });
      return;
    }
    this.#setStatus({ state: "signed_in", account, username, deviceId, ...(isLockable && { isLockable }) });
    if (this.#environment.keysReady === undefined) this.#start(signedIn);
    else void this.#startLater(signedIn);
  }

  #start({ engine, revocations }: SignedIn): void {
    engine.start();
    void inBackground(async () => (await revocations()).start());
  }

  /** What is stored shows meanwhile. */
  async #startLater(signedIn: SignedIn): Promise<void> {
    const isCurrent = (): boolean => this.#signedIn === signedIn && this.#status.state === "signed_in";
    while (isCurrent()) {
      try {
        await signedIn.prepare();
        if (isCurrent()) this.#start(signedIn);
        return;
      } catch {
        await delay(this.#environment, prepareAgainMs);
      }
    }
  }

  /** The server ended the session; what is stored stays until `forget`. */
  #end(username: string, reason: "logged_out" | "security"): void {
    if (this.#status.state !== "signed_in") return;
    this.#stop();
    this.#setStatus({ state: "ended", username, reason });
    const remember = this.#changeAccount((record) => ({ ...record, state: "ended", endedReason: reason }));
    remember.catch(() => undefined); // the server will say so again
  }

  async #changeAccount(change: (record: AccountRecord) => AccountRecord): Promise<void> {
    await this.records.transact(async (transaction) => {
      const record = await transaction.get(accountTable, accountKey);
      if (record !== undefined) transaction.put(accountTable, accountKey, change(record));
    });
  }

  async wipe(): Promise<void> {
    await this.#erase();
    this.#setStatus({ state: "signed_out" });
  }

  /** Empty records for a device that joins. What an ended session left here makes room for it. */
  async makeRoom(): Promise<Records> {
    if (this.#signedIn !== undefined) await this.#keepingClaims(() => this.#erase());
    return this.records;
  }

  async #erase(): Promise<void> {
    this.#stop();
    this.#signedIn = undefined;
    if (this.#records === undefined) await this.#storage.store.clear();
    else await this.#records.retire();
    await this.#storage.destroyMasterKey();
    await this.#storage.blobs.clear();
    this.#records = await openRecords(this.#environment, this.#storage);
  }

  /** Empties the records of everything but what proves that a reset was asked for here: it would have to wait anew. */
  async #keepingClaims(empty: () => Promise<void>): Promise<void> {
    const claims = await this.records.list(resetClaimTable);
    await empty();
    await this.records.transact(async (transaction) => {
      for (const { key, value } of claims) {
        await transaction.get(resetClaimTable, key);
        transaction.put(resetClaimTable, key, value);
      }
    });
  }

  /** A device that the server did not take leaves nothing behind. */
  async orWiped<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      // An ended session whose room was not needed yet stays as it is.
      if (this.#signedIn === undefined) {
        await this.#keepingClaims(() => this.records.clear());
        if (this.#status.state === "ended") this.#setStatus({ state: "signed_out" });
      }
      throw error;
    }
  }

  #setStatus(status: AccountStatus): void {
    this.#status = status;
    this.#events.emit({ type: "account", status });
  }
}

/** What may be known without the secret: how to ask for it. */
function lockedStatus({ way, nextTryAtMs }: AppLock): AccountStatus {
  return { state: "locked", question: questionOf(way), nextTryAtMs };
}

function questionOf(way: AppLock["way"]): LockQuestion {
  if (way.type === "passphrase") return { type: "passphrase" };
  const { credentialId, salt } = way;
  return { type: "passkey", credentialId, salt };
}

function withSession(record: AccountRecord, session: Session): AccountRecord {
  const { sessionId, refreshToken } = session;
  return { ...record, sessionId, ...(refreshToken !== undefined && { refreshToken }) };
}
