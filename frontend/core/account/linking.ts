/** At most one link at a time, from either side, and what the person is told and asked about it. */
import type { DeviceId } from "#schema/ids.ts";
import { ClientError } from "../client-api.ts";
import { isCryptoError } from "../crypto/errors.ts";
import { delay, type Environment } from "../environment.ts";
import type { Engine } from "../sync/engine.ts";
import type { EventHub } from "../sync/event-hub.ts";
import type { AccountSession } from "./account-session.ts";
import { collectPins } from "./handed-pins.ts";
import { linkFailureOf, LinkStopped } from "./link-failure.ts";
import { newDeviceSide, prepareNewDeviceLink, runNewDevice } from "./link-new-device.ts";
import { oldDeviceSide, prepareOldDeviceLink, runOldDevice } from "./link-old-device.ts";
import type { LinkStatus, LinkWay } from "./link-status.ts";
import { lock, unlockAccount } from "./unlock.ts";
import type { VaultSecret } from "./vault-api.ts";

/** Between looks at the own directory, while the new device enrols. */
const lookMs = 400;

interface Running {
  readonly end: () => Promise<void>;
  /** Answers what the person was asked. */
  answer: ((agrees: boolean) => void) | undefined;
}

export class Linking {
  readonly #environment: Environment;
  readonly #events: EventHub;
  readonly #account: AccountSession;
  #status: LinkStatus = { state: "idle" };
  #running: Running | undefined;

  constructor(environment: Environment, events: EventHub, account: AccountSession) {
    this.#environment = environment;
    this.#events = events;
    this.#account = account;
  }

  get status(): LinkStatus {
    return this.#status;
  }

  /** On a device without an account. Throws `ClientError` wrong_link_code. */
  async join({ deviceName, ...way }: { readonly deviceName: string } & LinkWay): Promise<void> {
    await this.cancel();
    const environment = this.#environment;
    const link = understood(() => prepareNewDeviceLink(environment.provider, way));
    const side = newDeviceSide(environment, link);
    const running = this.#begin(() => side.end());
    this.#show(way, link.shown, side.expiresAtMs);
    const joining = async (): Promise<void> => {
      const { record, session } = await runNewDevice(environment, this.#account.records, side, link, {
        deviceName,
        say: (status) => this.#say(running, status),
        orWiped: (work) => this.#account.orWiped(work),
      });
      this.#say(running, { state: "done" });
      await this.#account.enter(record, session);
    };
    void this.#run(running, joining);
  }

  /** On a device of the account. Throws `ClientError` wrong_link_code or wrong_recovery_code, `SottoError`, `CryptoError`. */
  async link(engine: Engine, input: VaultSecret & LinkWay): Promise<void> {
    await this.cancel();
    const environment = this.#environment;
    const link = understood(() => prepareOldDeviceLink(environment.provider, input));
    const unlocked = await unlockAccount(environment, this.#account.records, engine, input);
    const side = oldDeviceSide(environment, engine.call, link);
    const running = this.#begin(() => side.end());
    this.#show(input, link.shown, side.expiresAtMs);
    const linking = async (): Promise<void> => {
      try {
        const deviceId = await runOldDevice(environment, side, link, unlocked, {
          say: (status) => this.#say(running, status),
          agreed: (untilMs) => this.#agreed(running, untilMs),
          pins: () => collectPins(this.#account.records, unlocked.account),
        });
        await this.#joined(engine, deviceId, () => side.assertGoing());
        this.#say(running, { state: "done" });
      } finally {
        lock(unlocked);
      }
    };
    void this.#run(running, linking);
  }

  /** Yes to what the status asks. */
  approve(): void {
    this.#running?.answer?.(true);
  }

  /** Gives up a link that is under way; the other side is told. */
  async cancel(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    running?.answer?.(false);
    this.#setStatus({ state: "idle" });
    await running?.end();
  }

  #begin(end: () => Promise<void>): Running {
    const running: Running = { end, answer: undefined };
    this.#running = running;
    return running;
  }

  async #run(running: Running, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#say(running, { state: "failed", reason: linkFailureOf(error) });
    }
    if (this.#running === running) this.#running = undefined;
    await running.end();
  }

  #agreed(running: Running, untilMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const environment = this.#environment;
      const cancelTimer = environment.setTimer(untilMs - environment.nowMs(), () => {
        running.answer = undefined;
        reject(new LinkStopped("expired"));
      });
      running.answer = (agrees) => {
        running.answer = undefined;
        cancelTimer();
        if (agrees) resolve();
        else reject(new LinkStopped("refused"));
      };
    });
  }

  /** Waits until the list with the new device has come back from the server. */
  async #joined(engine: Engine, deviceId: DeviceId, assertGoing: () => void): Promise<void> {
    const { account } = engine.self;
    for (;;) {
      const devices = await engine.directory.tryLoad(account);
      if (devices?.known.has(deviceId) === true) return;
      assertGoing();
      await delay(this.#environment, lookMs);
    }
  }

  #show(way: LinkWay, code: string | undefined, expiresAtMs: number): void {
    const isShown = "show" in way && code !== undefined;
    this.#setStatus(
      isShown
        ? { state: "showing", code, form: way.show, expiresAtMs }
        : { state: "connecting", expiresAtMs },
    );
  }

  #say(running: Running, status: LinkStatus): void {
    if (this.#running === running) this.#setStatus(status);
  }

  #setStatus(status: LinkStatus): void {
    this.#status = status;
    this.#events.emit({ type: "link", status });
  }
}

function understood<Result>(read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    if (isCryptoError(error)) throw new ClientError("wrong_link_code", { cause: error });
    throw error;
  }
}
