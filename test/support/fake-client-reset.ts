/** The fake client's half of a reset: nobody waits a week for it. */
import type { AlarmsView, ClientApi, ClientEvent, ResetView } from "#core/client-api.ts";
import { ClientError } from "#core/client-api.ts";
import { assertUnlocks } from "./fake-devices.ts";

export interface FakeResetOptions {
  /** Where a reset of the account stands that logs in. */
  readonly state?: ResetView["state"];
  /** Of the account that is signed in. */
  readonly alarms?: AlarmsView;
}

type ResetCalls = Pick<
  ClientApi,
  | "resetStanding"
  | "requestReset"
  | "cancelReset"
  | "finishReset"
  | "alarms"
  | "stopReset"
  | "continueHere"
  | "changePassword"
  | "recoverAccount"
  | "acknowledgePassword"
>;

const weekMs = 7 * 86_400_000;

export function fakeReset(parts: {
  readonly options: FakeResetOptions;
  readonly now: () => number;
  readonly delay: () => Promise<void>;
  readonly emit: (event: ClientEvent) => void;
  readonly begin: () => { recoveryCode: string };
  readonly recoveryCode: string;
  readonly enter: (username: string) => void;
}): ResetCalls {
  const { now, delay, emit } = parts;
  let state: ResetView["state"] = parts.options.state ?? { type: "none" };
  let { alarms = {} } = parts.options;
  const view = (): ResetView => {
    return { conversations: 12, messages: 3_481, devices: 2, waitMs: weekMs, state };
  };
  return {
    async resetStanding() {
      await delay();
      return view();
    },
    async requestReset() {
      await delay();
      state = { type: "waiting", requestedAtMs: now(), effectiveAtMs: now() + weekMs };
      return view();
    },
    async cancelReset() {
      await delay();
      state = { type: "none" };
      return view();
    },
    async finishReset() {
      await delay();
      if (state.type !== "ready") throw new ClientError("reset_waiting");
      return parts.begin();
    },
    alarms: () => Promise.resolve(alarms),
    async stopReset() {
      await delay();
      if (alarms.reset === undefined) throw new ClientError("reset_over");
      alarms = {};
      emit({ type: "alarms" });
    },
    async continueHere() {
      await delay();
      alarms = {};
      emit({ type: "alarms" });
    },
    async changePassword({ current, signOutOthers }) {
      await delay();
      if (typeof current !== "string") assertUnlocks(current, parts.recoveryCode);
      else if (current.startsWith("often")) throw new ClientError("rate_limited", { retryAfterMs: 840_000 });
      else if (current.startsWith("wrong")) throw new ClientError("wrong_credentials");
      return { signedOut: signOutOthers ? 2 : 0 };
    },
    async recoverAccount({ username, recoveryCode, password }) {
      await delay();
      if (password.startsWith("often")) throw new ClientError("rate_limited", { retryAfterMs: 840_000 });
      if (recoveryCode !== parts.recoveryCode) throw new ClientError("wrong_credentials");
      parts.enter(username);
      return { isPasswordSet: !password.startsWith("unlucky") };
    },
    async acknowledgePassword() {
      await delay();
      alarms = {};
      emit({ type: "alarms" });
    },
  };
}
