/** Brings up tokens and engine of a device that has an account. */
import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";
import type { Session } from "#schema/http/auth.ts";
import { Tokens } from "../api/tokens.ts";
import { assertOwnKeys, decodeOwnDevice, signSessionRenewal } from "../crypto/device-identity.ts";
import type { NativeCurves } from "../crypto/native/native-curves.ts";
import type { Environment } from "../environment.ts";
import type { BlobStore } from "../store/blob-store.ts";
import type { Records } from "../store/records.ts";
import { type AccountRecord, directoryTable } from "../store/tables.ts";
import { Engine } from "../sync/engine.ts";
import type { EventHub } from "../sync/event-hub.ts";
import type { Self } from "../sync/self.ts";
import type { Revocations } from "./revocations.ts";

export interface SignedIn {
  readonly tokens: Tokens;
  readonly engine: Engine;
  /** To be awaited before `engine.start` where the environment's keys come late. Rejects when they cannot be had now. */
  readonly prepare: () => Promise<void>;
  /** Fetched when it is first needed. */
  readonly revocations: () => Promise<Revocations>;
}

/** Loads what is stored; nothing goes to the network before `engine.start`. Throws `StoreError`. */
export async function openSignedIn(
  environment: Environment,
  records: Records,
  blobs: BlobStore,
  record: AccountRecord,
  events: EventHub,
  handlers: {
    readonly renewed: (session: Session) => Promise<void>;
    readonly ended: (reason: "logged_out" | "security") => void;
  },
): Promise<SignedIn> {
  const { provider } = environment;
  const { account, deviceId, joinedAtMs, refreshToken, backupRoot } = record;
  const own = decodeOwnDevice(decodeBase64url(record.ownDevice));
  const tokens = new Tokens(environment, {
    account,
    deviceId,
    ...(refreshToken !== undefined && { refreshToken }),
    signChallenge: (challenge) =>
      encodeBase64url(signSessionRenewal(provider, own, decodeBase64url(challenge))),
    ...handlers,
  });
  let native: NativeCurves | undefined;
  const self: Self = {
    provider,
    get native() {
      return native;
    },
    own,
    account,
    deviceId,
    joinedAtMs,
    nowMs: () => tokens.serverNowMs(),
    ...(backupRoot !== undefined && { backupRoot: decodeBase64url(backupRoot) }),
  };
  const engine = new Engine(environment, records, blobs, tokens, self, events);
  await engine.load();
  records.watch(directoryTable, (key) => {
    if (key === account) events.emit({ type: "devices" });
  });
  let revocations: Promise<Revocations> | undefined;
  const create = async () => {
    const { Revocations } = await import("./revocations.ts");
    return new Revocations(environment, records, engine);
  };
  const prepare = async () => {
    await environment.keysReady?.();
    assertOwnKeys(provider, own);
    native = await environment.nativeCurves?.();
  };
  if (environment.keysReady === undefined) await prepare();
  return { tokens, engine, prepare, revocations: () => (revocations ??= create()) };
}
