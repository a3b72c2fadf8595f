/** Capsules within a store transaction: the ratchet state and what follows from it are written together. */
import { encodeBase64url } from "#schema/envelope/base64url.ts";
import { parseCapsuleEnvelope } from "#schema/envelope/capsule-envelope.ts";
import { type AccountId, deviceAddressKey } from "#schema/ids.ts";
import type { VerifiedBundle } from "../crypto/bundle.ts";
import {
  type Capsule,
  type CapsulePayload,
  encodeCapsule,
  type ListView,
  parseCapsule,
} from "../crypto/capsule.ts";
import { parsing } from "../crypto/errors.ts";
import type { VerifiedDevice } from "../crypto/list-chain.ts";
import { type PrekeyAccess, type PrekeySecret, secretKindOfPq } from "../crypto/prekeys.ts";
import {
  canEncrypt,
  decryptCapsule,
  encryptCapsule,
  type PeerRecord,
  startSession,
} from "../crypto/session/peer-session.ts";
import type { Transaction } from "../store/records.ts";
import { lastResortTable, peerTable, prekeyKey, prekeyTable, renewalTable } from "../store/tables.ts";
import type { AccountDevices } from "./directory.ts";
import { inSession, type Self, sessionContext } from "./self.ts";

/** A device to encrypt to, with the directory it comes from. */
export interface Recipient {
  readonly device: VerifiedDevice;
  readonly directory: AccountDevices;
}

/** Handshake material for devices without a session, by `recipientKey`. */
export type Bundles = ReadonlyMap<string, VerifiedBundle>;

export function recipientKey({ device, directory }: Recipient): string {
  return deviceAddressKey(directory.account, device.deviceId);
}

/** Whether a session exists, and may still be used, in which a capsule for the recipient can be sealed. */
export async function hasSession(
  transaction: Transaction,
  self: Self,
  recipient: Recipient,
): Promise<boolean> {
  const key = recipientKey(recipient);
  if ((await transaction.get(renewalTable, key)) !== undefined) return false;
  const record = await transaction.get(peerTable, key);
  return canEncrypt(sessionContext(self), record, recipient.device);
}

/**
 * Seals one capsule and stages the advanced session. Starts a session from `bundles` when there is none, or when
 * `fresh` asks for it. Returns undefined when a bundle is needed and not there.
 */
export async function trySealCapsule(
  transaction: Transaction,
  self: Self,
  recipient: Recipient,
  own: AccountDevices,
  payload: CapsulePayload,
  options: { readonly bundles: Bundles; readonly fresh?: boolean },
): Promise<Uint8Array | undefined> {
  const context = sessionContext(self);
  const key = recipientKey(recipient);
  let record: PeerRecord | undefined = await transaction.get(peerTable, key);
  const isDue = (await transaction.get(renewalTable, key)) !== undefined;
  const isFresh = options.fresh === true || isDue;
  if (isFresh || record === undefined || !canEncrypt(context, record, recipient.device)) {
    const bundle = options.bundles.get(key);
    if (bundle === undefined) return undefined;
    if (isDue) transaction.delete(renewalTable, key);
    const before = record;
    record = await inSession(self, (native) => startSession(native, before, bundle));
  }
  const gossip = {
    mine: listView(own),
    yours: listView(recipient.directory),
    log: { size: 0, root8: new Uint8Array(8) },
  };
  const plaintext = encodeCapsule({ gossip, payload });
  const ready = record;
  const sealed = await inSession(self, (native) =>
    encryptCapsule(native, ready, recipient.device, plaintext),
  );
  plaintext.fill(0);
  transaction.put(peerTable, key, sealed.record);
  return sealed.envelope;
}

/**
 * Opens a capsule of a verified device and stages everything that has to be written with it: the session, the used
 * prekeys, the use of a last-resort prekey. Throws `CryptoError`; then nothing was staged.
 */
export async function openCapsule(
  transaction: Transaction,
  self: Self,
  sender: VerifiedDevice,
  envelope: Uint8Array,
): Promise<Capsule> {
  const address = deviceAddressKey(encodeBase64url(sender.accountId) as AccountId, sender.deviceId);
  const record = await transaction.get(peerTable, address);
  const prekeys = await findPrekeys(transaction, envelope);
  const uses = new Set<string>();
  if (prekeys.some(({ kind }) => kind === "lastResort")) {
    for (const { key } of await transaction.list(lastResortTable)) uses.add(key);
  }
  const access: PrekeyAccess = {
    find: (kind, keyId) => prekeys.find((prekey) => prekey.kind === kind && prekey.keyId === keyId),
    wasUsed: (use) => uses.has(encodeBase64url(use)),
  };
  const opened = await inSession(self, (context) =>
    decryptCapsule(context, record, sender, envelope, access),
  );
  const capsule = parseCapsule(opened.plaintext);
  opened.plaintext.fill(0);
  transaction.put(peerTable, address, opened.record);
  for (const { kind, keyId } of opened.consumed) transaction.delete(prekeyTable, prekeyKey(kind, keyId));
  if (opened.lastResortUse !== undefined) {
    transaction.insert(lastResortTable, encodeBase64url(opened.lastResortUse), { atMs: self.nowMs() });
  }
  return capsule;
}

function listView({ pin }: AccountDevices): ListView {
  return { version: pin.version, hash8: pin.hash.slice(0, 8) };
}

async function findPrekeys(transaction: Transaction, envelope: Uint8Array): Promise<PrekeySecret[]> {
  const { pre } = parsing(() => parseCapsuleEnvelope(envelope));
  if (pre === undefined) return [];
  const wanted = [
    prekeyKey("signed", pre.signedPrekeyId),
    prekeyKey(secretKindOfPq(pre.pqKind), pre.pqPrekeyId),
    ...(pre.oneTimePrekeyId === 0 ? [] : [prekeyKey("oneTime", pre.oneTimePrekeyId)]),
  ];
  const found = await Promise.all(wanted.map((key) => transaction.get(prekeyTable, key)));
  return found.filter((prekey) => prekey !== undefined);
}
