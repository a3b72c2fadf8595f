/** This device, as the parts of the sync engine see it. */
import { encodeBase64url } from "#schema/envelope/base64url.ts";
import type { AccountId, ClientMessageId, DeviceAddress, DeviceId } from "#schema/ids.ts";
import type { OwnDevice } from "../crypto/device-identity.ts";
import type { NativeCurves } from "../crypto/native/native-curves.ts";
import { runNative } from "../crypto/native/run-native.ts";
import type { Provider } from "../crypto/provider.ts";
import type { SessionContext } from "../crypto/session/session.ts";

export interface Self {
  readonly provider: Provider;
  /** The platform's curves, where it has them. */
  readonly native: NativeCurves | undefined;
  readonly own: OwnDevice;
  readonly account: AccountId;
  readonly deviceId: DeviceId;
  /** Server time at which this device joined its account. */
  readonly joinedAtMs: number;
  /** A clock that follows the server's (attack 12). */
  readonly nowMs: () => number;
  /** BRK, 32 bytes, where it is known. */
  readonly backupRoot?: Uint8Array;
}

export function sessionContext(self: Self): SessionContext {
  return { provider: self.provider, own: self.own, nowMs: self.nowMs() };
}

/** Runs pure session work with the platform's curves where it has them; see `runNative` for what the work may do. */
export function inSession<Result>(self: Self, work: (context: SessionContext) => Result): Promise<Result> {
  const context = sessionContext(self);
  return runNative(self.provider, self.native, (provider) => work({ ...context, provider }));
}

export function isSelf(self: Self, address: DeviceAddress): boolean {
  return address.account === self.account && address.device === self.deviceId;
}

/** 16 random bytes as an id of an own message or to-device message. */
export function createMessageId(provider: Provider): ClientMessageId {
  return encodeBase64url(provider.random(16)) as ClientMessageId;
}
