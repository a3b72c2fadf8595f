/** The client's calls about the account's own devices. */
import { ClientError } from "../client-api.ts";
import { guard } from "../client-error.ts";
import type { Environment } from "../environment.ts";
import type { Engine } from "../sync/engine.ts";
import type { EventHub } from "../sync/event-hub.ts";
import { inBackground } from "../sync/lane.ts";
import type { AccountSession } from "./account-session.ts";
import type { DeviceApi } from "./device-api.ts";
import { EntryCalls } from "./entry-calls.ts";
import type { Linking } from "./linking.ts";
import { nameOwnDevice, recentlyAdded, viewOwnDevices } from "./own-devices.ts";

/** Fetched when somebody looks after the keys to their vault. */
const passkeys = () => import("./passkeys.ts");

export abstract class DeviceCalls extends EntryCalls implements DeviceApi {
  readonly #environment: Environment;
  readonly #events: EventHub;
  readonly #account: AccountSession;
  #linking: Linking | undefined;

  constructor(environment: Environment, events: EventHub, account: AccountSession) {
    super(environment, account);
    this.#environment = environment;
    this.#events = events;
    this.#account = account;
  }

  listDevices: DeviceApi["listDevices"] = () => guard(() => viewOwnDevices(this.#engine()));
  recentDevices: DeviceApi["recentDevices"] = () => guard(() => recentlyAdded(this.#engine()));
  renameDevice: DeviceApi["renameDevice"] = (deviceId, deviceName) =>
    guard(async () => {
      await nameOwnDevice(this.#engine(), deviceId, deviceName);
      this.#events.emit({ type: "devices" });
    });
  removeDevice: DeviceApi["removeDevice"] = (input) =>
    guard(async () => {
      const { removeOwnDevice } = await import("./remove-device.ts");
      await removeOwnDevice(this.#environment, this.#account.records, this.#engine(), input);
      void inBackground(async () => (await this.#account.signedIn?.revocations())?.tell());
    });

  listPasskeys: DeviceApi["listPasskeys"] = () =>
    guard(async () => (await passkeys()).listPasskeys(this.#engine()));
  addPasskey: DeviceApi["addPasskey"] = (input) =>
    guard(async () => {
      const { addPasskey } = await passkeys();
      await addPasskey(this.#environment, this.#account.records, this.#engine(), input);
    });
  removePasskey: DeviceApi["removePasskey"] = (input) =>
    guard(async () => {
      const { removePasskey } = await passkeys();
      await removePasskey(this.#environment, this.#account.records, this.#engine(), input);
    });

  joinByLink: DeviceApi["joinByLink"] = (input) =>
    guard(async () => {
      if (this.#account.signedIn !== undefined) throw new ClientError("internal");
      await (await this.#link()).join(input);
    });
  linkDevice: DeviceApi["linkDevice"] = (input) =>
    guard(async () => (await this.#link()).link(this.#engine(), input));
  approveLink: DeviceApi["approveLink"] = () => guard(async () => this.#linking?.approve());
  cancelLink: DeviceApi["cancelLink"] = () => guard(async () => this.#linking?.cancel());
  linkStatus: DeviceApi["linkStatus"] = async () => this.#linking?.status ?? { state: "idle" };

  /** Fetched when somebody links a device, which most never do. */
  async #link(): Promise<Linking> {
    const { Linking } = await import("./linking.ts");
    this.#linking ??= new Linking(this.#environment, this.#events, this.#account);
    return this.#linking;
  }

  #engine(): Engine {
    return this.#account.session().engine;
  }
}
