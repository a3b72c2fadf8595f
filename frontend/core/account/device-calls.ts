/** The client's calls about the account's own devices. */
import { type ClientApi, ClientError } from "../client-api.ts";
import { guard } from "../client-error.ts";
import type { Environment } from "../environment.ts";
import type { Engine } from "../sync/engine.ts";
import type { EventHub } from "../sync/event-hub.ts";
import type { AccountSession } from "./account-session.ts";
import { Linking } from "./linking.ts";
import { nameOwnDevice, recentlyAdded, removeOwnDevice, viewOwnDevices } from "./own-devices.ts";

type Calls = Pick<
  ClientApi,
  | "listDevices"
  | "recentDevices"
  | "renameDevice"
  | "removeDevice"
  | "joinByLink"
  | "linkDevice"
  | "approveLink"
  | "cancelLink"
  | "linkStatus"
>;

export abstract class DeviceCalls implements Calls {
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

  listDevices: Calls["listDevices"] = () => guard(() => viewOwnDevices(this.#engine()));
  recentDevices: Calls["recentDevices"] = () => guard(() => recentlyAdded(this.#engine()));
  renameDevice: Calls["renameDevice"] = (deviceId, deviceName) =>
    guard(async () => {
      await nameOwnDevice(this.#engine(), deviceId, deviceName);
      this.#events.emit({ type: "devices" });
    });
  removeDevice: Calls["removeDevice"] = (input) =>
    guard(() => removeOwnDevice(this.#environment, this.#account.records, this.#engine(), input));

  joinByLink: Calls["joinByLink"] = (input) =>
    guard(async () => {
      if (this.#account.signedIn !== undefined) throw new ClientError("internal");
      await this.#linking.join(input);
    });
  linkDevice: Calls["linkDevice"] = (input) => guard(() => this.#linking.link(this.#engine(), input));
  approveLink: Calls["approveLink"] = () => guard(async () => this.#linking.approve());
  cancelLink: Calls["cancelLink"] = () => guard(() => this.#linking.cancel());
  linkStatus: Calls["linkStatus"] = async () => this.#linking.status;

  #engine(): Engine {
    const { signedIn, status } = this.#account;
    if (signedIn === undefined || status.state !== "signed_in") throw new ClientError("not_signed_in");
    return signedIn.engine;
  }
}
