/** An inbox object: the real core and channel over simulated storage, with the wiring that the hibernating class has. */
import { createHash } from "node:crypto";
import type { AccountId } from "#schema/ids.ts";
import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";
import { deviceCertHashInput } from "#schema/envelope/device-cert.ts";
import { deviceListHashInput } from "#schema/envelope/device-list.ts";
import type { DeviceMessageInput, EnrolInput } from "#schema/rpc/inbox.ts";
import { unwrap } from "#schema/rpc/result.ts";
import { InboxChannel } from "#durable-objects/inbox/channel.ts";
import { InboxCore } from "#durable-objects/inbox/core.ts";
import { InboxParts } from "#durable-objects/inbox/parts.ts";
import { Postman } from "#durable-objects/inbox/postman.ts";
import { Alarms } from "#durable-objects/support/alarms.ts";
import { errorEvent, refusal } from "#durable-objects/support/error-events.ts";
import { ObjectHost } from "./host.ts";
import type { Link } from "./link.ts";
import type { Sim } from "./sim.ts";
import type { SimSocket } from "./sockets.ts";
import type { World } from "./world.ts";

type InboxAlarm = "notices" | "receipts" | "clean";

const retryMs = 5_000;
const cleanMs = 86_400_000;

interface Awake {
  readonly parts: InboxParts;
  readonly channel: InboxChannel;
  readonly core: InboxCore;
  readonly postman: Postman;
  readonly alarms: Alarms<InboxAlarm>;
}

export class InboxHost extends ObjectHost {
  readonly account: AccountId;
  readonly #world: World;
  #awake: Awake | undefined;

  constructor(sim: Sim, world: World, account: AccountId) {
    super(sim, "inbox", `inbox ${account.charAt(0)}`);
    this.account = account;
    this.#world = world;
  }

  get core(): InboxCore {
    if (this.#awake === undefined) throw new Error("the inbox is not awake");
    return this.#awake.core;
  }

  enrol(input: EnrolInput): void {
    const list = encodeBase64url(sha256(deviceListHashInput(decodeBase64url(input.deviceList))));
    const certificate = sha256(deviceCertHashInput(decodeBase64url(input.certificate)));
    this.core.enrol(input, { list, certificate });
    this.#awake?.alarms.schedule("clean", this.now() + cleanMs);
  }

  publishList(deviceList: string): void {
    const hash = sha256(deviceListHashInput(decodeBase64url(deviceList)));
    this.core.publishList(deviceList, encodeBase64url(hash));
  }

  protected get isAwake(): boolean {
    return this.#awake !== undefined;
  }

  protected wake(): void {
    const { disk, now } = this;
    const parts = new InboxParts(disk, now);
    const channel = new InboxChannel({
      parts,
      sockets: this.roster,
      now,
      deliver: (account, message) => this.#deliver(account, message),
      onReceipt: () => this.#post("receipts"),
      onPresenceGet: () => Promise.resolve(),
      onFailure: () => undefined,
    });
    const core = new InboxCore(
      { sql: disk, now, migrate: () => undefined, onNotice: () => this.#post("notices") },
      parts,
      channel,
    );
    const postman = new Postman({
      notices: parts.notices,
      set: () => core.deviceSet(),
      conversation: (id) => this.#world.conversationFor(this, id),
    });
    const alarms = new Alarms<InboxAlarm>(disk, (atMs) => this.setAlarm(atMs), now, this.after);
    this.#awake = { parts, channel, core, postman, alarms };
  }

  protected forget(): void {
    this.#awake = undefined;
  }

  protected flushed(): void {
    this.sim.oracle.inboxOnDisk(this);
  }

  protected lost(): void {
    // The oracle looks at what is on disk, which a crash does not touch.
  }

  protected async runAlarm(): Promise<void> {
    const awake = this.#awake;
    if (awake === undefined) return;
    const handlers = {
      notices: () => awake.postman.tellChanges(),
      receipts: () => awake.postman.tellReceipts(),
      clean: () => {
        awake.core.clean();
        awake.alarms.schedule("clean", this.now() + cleanMs);
      },
    };
    await awake.alarms.run(handlers, () => undefined);
  }

  accept(link: Link): void {
    this.turn(() => {
      const { server, identity } = link;
      if (server === undefined) return;
      try {
        this.core.authorize(identity);
      } catch {
        return server.close("session_revoked");
      }
      this.roster.add(server);
      this.gate.pass(() => link.sendDown({ type: "opened" }));
    });
  }

  protected frame(socket: SimSocket, text: string): void {
    if (!this.roster.has(socket)) return socket.close("unavailable");
    try {
      this.#awake?.channel.receive(socket, text);
    } catch {
      socket.send(errorEvent("internal"));
    }
  }

  async #deliver(account: AccountId, message: DeviceMessageInput): Promise<void> {
    if (account === this.account) this.core.enqueueDeviceMessage(message);
    else if (this.#awake?.parts.summaries.isShared(account, message.group) !== true)
      throw refusal("forbidden");
    else unwrap(await this.#world.inboxFor(this, account).enqueueDeviceMessage(message));
  }

  #post(what: "notices" | "receipts"): void {
    const awake = this.#awake;
    if (awake === undefined) return;
    awake.alarms.schedule(what, this.now() + retryMs);
    const told = what === "notices" ? awake.postman.tellChanges() : awake.postman.tellReceipts();
    told.catch(() => undefined); // the alarm tells again
  }
}

function sha256(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash("sha256").update(bytes).digest());
}
