/** A device that runs the real client: its processes die at any step of their storage and start again on what was stored. */
import { ClientError, type MessageView } from "#core/client-api.ts";
import { Client } from "#core/client.ts";
import type { Provider } from "#core/crypto/provider.ts";
import type { Environment } from "#core/environment.ts";
import { parseFrame } from "#core/sync/connection.ts";
import type { ClientStorage } from "#core/store/client-storage.ts";
import type { Store } from "#core/store/store.ts";
import { type AccountId, type ClientMessageId, type ConversationId, deviceAddressKey } from "#schema/ids.ts";
import { Mortal } from "#test/support/client/mortal.ts";
import { RollbackStore } from "#test/support/client/rollback-store.ts";
import { testStorage } from "#test/support/client/people.ts";
import { allMessages } from "#test/support/people.ts";
import { usernameOf, type World } from "../world.ts";
import { DeviceNetwork } from "./network.ts";
import type { Web } from "./web.ts";

const never = Number.MAX_SAFE_INTEGER;

export interface Written {
  readonly conversationId: ConversationId;
  readonly text: string;
  /** Undefined when the process died before it could promise anything. */
  id: ClientMessageId | undefined;
}

export interface DeviceParts {
  readonly world: World;
  readonly web: Web;
  readonly provider: Provider;
  /** A new disk. */
  readonly store: () => Store;
}

interface Process {
  readonly network: DeviceNetwork;
  readonly mortal: Mortal;
  /** Undefined while it starts. */
  client: Client | undefined;
}

/** Deliberately broken: a crash takes back what was committed just before it, though never the account. */
export class ForgetfulStore extends RollbackStore {
  crash(): Promise<void> {
    return this.lose(2);
  }
}

export class FullDevice {
  readonly account: AccountId;
  readonly name: string;
  readonly written: Written[] = [];
  /** Conversations in which a message was refused: later ones on the wire may then have overtaken it. */
  readonly refusedIn = new Set<string>();
  state: "joining" | "joined" | "gone" = "joining";
  key = "";
  /** How far its clock is off. */
  skewMs = 0;
  readonly #world: World;
  readonly #web: Web;
  readonly #provider: Provider;
  readonly #store: Store;
  readonly #storage: ClientStorage;
  /** Settles when the storage has been through what a crash does to it. */
  #crashed: Promise<void> = Promise.resolve();
  #process: Process | undefined;

  constructor({ world, web, provider, store }: DeviceParts, account: AccountId, number: number) {
    this.#store = store();
    this.#storage = testStorage(this.#store);
    this.#world = world;
    this.#web = web;
    this.#provider = provider;
    this.account = account;
    this.name = `${account.charAt(0)}${number}`;
  }

  get client(): Client | undefined {
    return this.#process?.mortal.isAlive === true ? this.#process.client : undefined;
  }

  get isUp(): boolean {
    return this.#process?.mortal.isAlive === true;
  }

  get network(): DeviceNetwork | undefined {
    return this.#process?.network;
  }

  /** Opens the account, or adds the device to it. Throws what the client throws. */
  async join(recoveryCode: string | undefined): Promise<string> {
    const client = await this.#start(never);
    const credentials = { username: usernameOf(this.account), password: `the password of ${this.account}` };
    let code = recoveryCode;
    if (code === undefined) {
      code = (await client.register({ ...credentials, deviceName: this.name })).recoveryCode;
    } else {
      await client.login(credentials);
      await client.completeLogin({ recoveryCode: code, deviceName: this.name });
    }
    const status = await client.accountStatus();
    if (status.state !== "signed_in") throw new Error("joined, and not signed in");
    this.key = deviceAddressKey(this.account, status.deviceId);
    this.state = "joined";
    if (this.#store instanceof ForgetfulStore) this.#store.copy();
    return code;
  }

  /** Dies when its storage is touched for the `dieAt`-th time. */
  start(dieAt: number): void {
    if (this.isUp || this.state !== "joined") return;
    this.#process?.network.stop();
    void this.#start(dieAt);
  }

  /** The process ends without a word; what was not committed is gone. */
  crash(): void {
    if (this.isUp && this.#store instanceof ForgetfulStore) this.#crashed = this.#store.crash();
    this.#process?.mortal.die();
    this.#process?.network.stop();
  }

  /** Its process ends after so many steps of its storage. */
  dieIn(steps: number): void {
    this.#process?.mortal.dieIn(steps);
  }

  /** In a group somebody else may have put the person out. */
  write(conversationId: ConversationId, text: string, isGroup = false): void {
    const { client } = this;
    if (client === undefined) return;
    const written: Written = { conversationId, text, id: undefined };
    this.written.push(written);
    client.sendText(conversationId, text).then(
      (id) => (written.id = id),
      (error: unknown) => {
        this.written.splice(this.written.indexOf(written), 1);
        if (this.state === "joined" && !(isGroup && isRefusal(error)))
          this.#world.sim.oracle.violate(`${this.name} could not write: ${String(error)}`);
      },
    );
  }

  async messages(conversationId: ConversationId): Promise<readonly MessageView[]> {
    return this.client === undefined ? [] : allMessages(this.client, conversationId);
  }

  async #start(dieAt: number): Promise<Client> {
    const network = new DeviceNetwork(this.#world, this.#web, `device ${this.name}`, (text) =>
      this.#heard(text),
    );
    const mortal = new Mortal(dieAt);
    const process: Process = { network, mortal, client: undefined };
    this.#process = process;
    const { clock } = this.#world.sim;
    const environment: Environment = {
      provider: this.#provider,
      origin: "http://simulated",
      refreshTransport: "body",
      fetch: network.fetch,
      openSocket: network.openSocket,
      nowMs: () => clock.nowMs + this.skewMs,
      setTimer: (delayMs, callback) => clock.after(delayMs, `device ${this.name} timer`, callback),
    };
    await this.#crashed;
    const client = await Client.open(
      { ...environment, ...mortal.environment(environment) },
      { ...this.#storage, store: mortal.store(this.#storage.store) },
    );
    process.client = client;
    return client;
  }

  #heard(text: string): void {
    for (const event of parseFrame(text)) {
      if (event.type === "message:refused") this.refusedIn.add(event.conversationId);
      if (event.type === "error" && event.error.code === "malformed") {
        this.#world.sim.oracle.violate(`${this.name}: a frame was malformed`);
      }
    }
  }
}

const isRefusal = (error: unknown): boolean =>
  error instanceof ClientError && (error.code === "not_member" || error.code === "group_contradicted");
