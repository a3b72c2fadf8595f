/** Which account this installation has: taken up at start, entered, ended by the server, wiped. */
import type { Session } from "#schema/http/auth.ts";
import type { AccountStatus } from "../client-api.ts";
import type { Environment } from "../environment.ts";
import { type ClientStorage, openRecords } from "../store/client-storage.ts";
import type { Records } from "../store/records.ts";
import { accountKey, type AccountRecord, accountTable } from "../store/tables.ts";
import type { EventHub } from "../sync/event-hub.ts";
import { inBackground } from "../sync/lane.ts";
import { openSignedIn, type SignedIn } from "./signed-in.ts";

export class AccountSession {
  readonly #environment: Environment;
  readonly #storage: ClientStorage;
  readonly #events: EventHub;
  #records: Records;
  #signedIn: SignedIn | undefined;
  #status: AccountStatus = { state: "signed_out" };

  private constructor(environment: Environment, storage: ClientStorage, events: EventHub, records: Records) {
    this.#environment = environment;
    this.#storage = storage;
    this.#events = events;
    this.#records = records;
  }

  /** Continues where the last use of the store ended. Throws `StoreError`. */
  static async open(
    environment: Environment,
    storage: ClientStorage,
    events: EventHub,
  ): Promise<AccountSession> {
    const records = await openRecords(environment, storage);
    const session = new AccountSession(environment, storage, events, records);
    await session.#takeUp();
    return session;
  }

  get records(): Records {
    return this.#records;
  }

  get status(): AccountStatus {
    return this.#status;
  }

  /** Tokens and engine of the account, also of one whose session ended. */
  get signedIn(): SignedIn | undefined {
    return this.#signedIn;
  }

  /** Stops the network and releases the store. */
  async close(): Promise<void> {
    this.#stop();
    await this.#records.idle();
    await this.#storage.store.close();
  }

  #stop(): void {
    const signedIn = this.#signedIn;
    signedIn?.engine.stop();
    void inBackground(async () => (await signedIn?.revocations())?.stop());
  }

  async #takeUp(): Promise<void> {
    const record = await this.#records.read(accountTable, accountKey);
    if (record === undefined) return;
    if (record.state === "registering") await this.wipe();
    else await this.enter(record, undefined);
  }

  async enter(record: AccountRecord, session: Session | undefined): Promise<void> {
    const signedIn = await openSignedIn(
      this.#environment,
      this.#records,
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
    if (record.state === "ended") {
      this.#setStatus({ state: "ended", username, reason: record.endedReason ?? "logged_out" });
      return;
    }
    this.#setStatus({ state: "signed_in", account, username, deviceId });
    signedIn.engine.start();
    void inBackground(async () => (await signedIn.revocations()).start());
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
    await this.#records.transact(async (transaction) => {
      const record = await transaction.get(accountTable, accountKey);
      if (record !== undefined) transaction.put(accountTable, accountKey, change(record));
    });
  }

  async wipe(): Promise<void> {
    this.#stop();
    this.#signedIn = undefined;
    await this.#records.retire();
    await this.#storage.destroyMasterKey();
    await this.#storage.blobs.clear();
    this.#records = await openRecords(this.#environment, this.#storage);
    this.#setStatus({ state: "signed_out" });
  }

  /** A device that the server did not take leaves nothing behind. */
  async orWiped<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      await this.#records.clear();
      throw error;
    }
  }

  #setStatus(status: AccountStatus): void {
    this.#status = status;
    this.#events.emit({ type: "account", status });
  }
}

function withSession(record: AccountRecord, session: Session): AccountRecord {
  const { sessionId, refreshToken } = session;
  return { ...record, sessionId, ...(refreshToken !== undefined && { refreshToken }) };
}
