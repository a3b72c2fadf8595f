/** The client's calls about the account's own devices. */
import { ClientError } from "../client-api.ts";
import { guard } from "../client-error.ts";
import type { Environment } from "../environment.ts";
import type { Engine } from "../sync/engine.ts";
import type { EventHub } from "../sync/event-hub.ts";
import type { AccountSession } from "./account-session.ts";
import type { DeviceApi } from "./device-api.ts";
import { Linking } from "./linking.ts";
import { nameOwnDevice, recentlyAdded, removeOwnDevice, viewOwnDevices } from "./own-devices.ts";

export abstract class DeviceCalls implements DeviceApi {
  readonly #environment: Environment;
  readonly #events: EventHub;
  readonly #account: AccountSession;
  readonly #linking: Linking;

  constructor(environment: Environment, events: EventHub, account: AccountSession) {
    this.#environment = environment;
    this.#events = events;
    this.#account = account;
    this.#linking = new Linking(environment, events, account);
  }

  listDevices: DeviceApi["listDevices"] = () => guard(() => viewOwnDevices(this.#engine()));
  recentDevices: DeviceApi["recentDevices"] = () => guard(() => recentlyAdded(this.#engine()));
  renameDevice: DeviceApi["renameDevice"] = (deviceId, deviceName) =>
    guard(async () => {
      await nameOwnDevice(this.#engine(), deviceId, deviceName);
      this.#events.emit({ type: "devices" });
    });
  removeDevice: DeviceApi["removeDevice"] = (input) =>
    guard(() => removeOwnDevice(this.#environment, this.#account.records, this.#engine(), input));

  joinByLink: DeviceApi["joinByLink"] = (input) =>
    guard(async () => {
      if (this.#account.signedIn !== undefined) throw new ClientError("internal");
      await this.#linking.join(input);
    });
  linkDevice: DeviceApi["linkDevice"] = (input) => guard(() => this.#linking.link(this.#engine(), input));
  approveLink: DeviceApi["approveLink"] = () => guard(async () => this.#linking.approve());
  cancelLink: DeviceApi["cancelLink"] = () => guard(() => this.#linking.cancel());
  linkStatus: DeviceApi["linkStatus"] = async () => this.#linking.status;

  #engine(): Engine {
    const { signedIn, status } = this.#account;
    if (signedIn === undefined || status.state !== "signed_in") throw new ClientError("not_signed_in");
    return signedIn.engine;
  }
}
