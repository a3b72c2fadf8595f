import { parsePrekeyUpload } from "#schema/envelope/prekey-upload.ts";
import { encodeOneTimePrekey, encodePqPrekey, encodeSignedPrekey } from "#schema/envelope/prekeys.ts";
import { type VerifiedBundle, verifyBundle } from "#core/crypto/bundle.ts";
import {
  certifyDevice,
  createAccountKey,
  createDeviceKeys,
  deviceCertHash,
  type OwnDevice,
} from "#core/crypto/device-identity.ts";
import { type VerifiedDevice } from "#core/crypto/list-chain.ts";
import { generatePrekeys, type PrekeyAccess, type PrekeySecret } from "#core/crypto/prekeys.ts";
import { type KeyPair, type Provider } from "#core/crypto/provider.ts";
import {
  decryptCapsule,
  encryptCapsule,
  type PeerRecord,
  startSession,
} from "#core/crypto/session/peer-session.ts";
import { type SessionContext } from "#core/crypto/session/session.ts";

export const startMs = 1_800_000_000_000;

/** A device under test with its prekeys, and the bookkeeping that a store would do. */
export interface Peer {
  readonly provider: Provider;
  readonly aik: KeyPair;
  readonly own: OwnDevice;
  /** What others know of it. */
  readonly device: VerifiedDevice;
  readonly secrets: Map<string, PrekeySecret>;
  readonly uses: Set<string>;
  readonly upload: ReturnType<typeof parsePrekeyUpload>;
  record: PeerRecord | undefined;
  nowMs: number;
}

export interface PeerOptions {
  readonly account?: number;
  readonly deviceId?: number;
  readonly oneTimeCount?: number;
  readonly oneTimePqCount?: number;
}

export function createPeer(provider: Provider, options: PeerOptions = {}): Peer {
  const { account = 1, deviceId = 1, oneTimeCount = 2, oneTimePqCount = 2 } = options;
  const aik = createAccountKey(provider);
  const keys = createDeviceKeys(provider);
  const accountId = new Uint8Array(16).fill(account);
  const cert = certifyDevice(provider, aik, keys, { accountId, deviceId, createdAtMs: startMs });
  const own = { keys, cert };
  const request = { nowMs: startMs, firstKeyId: 1, rotate: true, oneTimeCount, oneTimePqCount };
  const batch = generatePrekeys(provider, own, request);
  return {
    provider,
    aik,
    own,
    device: { accountId, deviceId, cert, certHash: deviceCertHash(provider, cert.bytes) },
    secrets: new Map(batch.secrets.map((secret) => [`${secret.kind}/${secret.keyId}`, secret])),
    uses: new Set(),
    upload: parsePrekeyUpload(batch.upload),
    record: undefined,
    nowMs: startMs,
  };
}

export function contextOf(peer: Peer): SessionContext {
  return { provider: peer.provider, own: peer.own, nowMs: peer.nowMs };
}

export function prekeysOf(peer: Peer): PrekeyAccess {
  return {
    find: (kind, keyId) => peer.secrets.get(`${kind}/${keyId}`),
    wasUsed: (use) => peer.uses.has(String(use)),
  };
}

/** The bundle a server would hand out for `peer`; numbers choose the one-time keys, -1 none. */
export function bundleOf(
  peer: Peer,
  pick: { readonly oneTime?: number; readonly pq?: number } = {},
): VerifiedBundle {
  const { oneTime = 0, pq = 0 } = pick;
  const { signed, lastResort } = peer.upload;
  const oneTimeKey = peer.upload.oneTime[oneTime];
  const pqKey = peer.upload.oneTimePq[pq] ?? lastResort;
  if (signed === undefined || pqKey === undefined) throw new Error("no prekeys");
  const bundle = {
    signed: encodeSignedPrekey(signed),
    pq: encodePqPrekey(pqKey),
    ...(oneTimeKey && { oneTime: encodeOneTimePrekey(oneTimeKey) }),
  };
  return verifyBundle(peer.provider, peer.device, bundle, peer.nowMs);
}

/** Begins a session from one peer to another and stores it. */
export function connect(
  from: Peer,
  to: Peer,
  pick: { readonly oneTime?: number; readonly pq?: number } = {},
): void {
  from.record = startSession(contextOf(from), from.record, bundleOf(to, pick));
}

export function capsuleOf(text: string): Uint8Array<ArrayBuffer> {
  const plaintext = new Uint8Array(256);
  plaintext.set(new TextEncoder().encode(text));
  return plaintext;
}

function textOf(plaintext: Uint8Array): string {
  return new TextDecoder().decode(plaintext).replace(/\0+$/, "");
}

/** Encrypts and stores the new record. */
export function send(from: Peer, to: Peer, text: string): Uint8Array<ArrayBuffer> {
  const { record, envelope } = encryptCapsule(
    contextOf(from),
    from.record ?? { archived: [] },
    to.device,
    capsuleOf(text),
  );
  from.record = record;
  return envelope;
}

/** Decrypts and stores record, consumed prekeys and last-resort use, as one transaction would. */
export function receive(to: Peer, from: Peer, envelope: Uint8Array): string {
  const opened = decryptCapsule(contextOf(to), to.record, from.device, envelope, prekeysOf(to));
  to.record = opened.record;
  for (const { kind, keyId } of opened.consumed) to.secrets.delete(`${kind}/${keyId}`);
  if (opened.lastResortUse !== undefined) to.uses.add(String(opened.lastResortUse));
  return textOf(opened.plaintext);
}
