/** Who the devices of an account are: fetched, verified against the pin, kept (CRYPTO 2.1, 2.2). */
import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";
import { type DeviceCert, parseDeviceCert } from "#schema/envelope/device-cert.ts";
import { type DeviceList, deviceListMaxEntries, parseDeviceList } from "#schema/envelope/device-list.ts";
import { EnvelopeError } from "#schema/envelope/envelope-error.ts";
import { type DeviceDirectory, getDevices } from "#schema/http/devices.ts";
import type { AccountId, DeviceId } from "#schema/ids.ts";
import type { SessionCall } from "../api/session-api.ts";
import { deviceCertHash, verifyDeviceCert, verifySignOut } from "../crypto/device-identity.ts";
import { isCryptoError } from "../crypto/errors.ts";
import { runNative } from "../crypto/native/run-native.ts";
import { type ListPin, type VerifiedDevice, verifyDevices, verifyListChain } from "../crypto/list-chain.ts";
import type { Provider } from "../crypto/provider.ts";
import type { Records, Transaction } from "../store/records.ts";
import { type DirectoryRecord, directoryTable } from "../store/tables.ts";
import { type TrustRecord, trustTable } from "../store/trust-table.ts";
import { readItem } from "./own-items.ts";
import { afterPin } from "./pins.ts";
import type { Self } from "./self.ts";
import { changeTrust, type TrustBook } from "./trust-book.ts";

/** A verified directory. */
export interface AccountDevices {
  readonly account: AccountId;
  readonly username: string;
  readonly pin: ListPin;
  /** When the pinned list was issued, by its signer's clock. */
  readonly issuedAtMs: number;
  /** Others may have been left out of the list. */
  readonly isFull: boolean;
  /** Devices to encrypt to: active and not signed out. */
  readonly recipients: readonly VerifiedDevice[];
  /** Every device whose certificate was verified: those of the list, revoked ones included, and those that it has no room for. */
  readonly known: ReadonlyMap<DeviceId, { readonly device: VerifiedDevice; readonly active: boolean }>;
}

export class Directory {
  readonly book: TrustBook;
  readonly #records: Records;
  readonly #self: Pick<Self, "provider" | "native" | "nowMs">;
  readonly #call: SessionCall;
  readonly #verified = new Map<AccountId, AccountDevices>();
  readonly #underWay = new Map<AccountId, Promise<AccountDevices>>();

  constructor(
    records: Records,
    self: Pick<Self, "provider" | "native" | "nowMs">,
    call: SessionCall,
    book: TrustBook,
  ) {
    this.#records = records;
    this.#self = self;
    this.#call = call;
    this.book = book;
    records.watch(directoryTable, (key) => this.#verified.delete(key as AccountId));
  }

  /** What is known locally. */
  async tryLoad(account: AccountId): Promise<AccountDevices | undefined> {
    const known = this.#verified.get(account);
    if (known !== undefined) return known;
    const record = await this.#records.read(directoryTable, account);
    if (record === undefined) return undefined;
    const devices = openRecord(this.#self.provider, account, record);
    this.#verified.set(account, devices);
    return devices;
  }

  /** Known locally, or fetched. Throws as `refresh`. */
  async load(account: AccountId): Promise<AccountDevices> {
    return (await this.tryLoad(account)) ?? this.refresh(account);
  }

  /**
   * Fetches and verifies the newest lists. Throws `SottoError` when the server cannot be asked, and `CryptoError`
   * (LIST_ROLLBACK, LIST_FORK, UNTRUSTED_IDENTITY, BAD_SIGNATURE, BAD_CERT, …) when its answer contradicts what is
   * pinned; the pinned directory then stays in force, with a warning.
   */
  refresh(account: AccountId): Promise<AccountDevices> {
    const underWay = this.#underWay.get(account);
    if (underWay !== undefined) return underWay;
    const fetching = this.#fetch(account).finally(() => this.#underWay.delete(account));
    this.#underWay.set(account, fetching);
    return fetching;
  }

  /** Notes what a person found about the key that is pinned in the same moment, and what follows. Throws what `change` throws. */
  mark(
    account: AccountId,
    change: (trust: TrustRecord, pin: DirectoryRecord["pin"] | undefined) => TrustRecord,
    also: (transaction: Transaction) => Promise<void>,
  ): Promise<void> {
    return this.#records.transact(async (transaction) => {
      const pin = (await transaction.get(directoryTable, account))?.pin;
      await changeTrust(transaction, account, (trust) => change(trust, pin));
      await also(transaction);
    });
  }

  /** Whether messages to an account wait for the person's word about its new key. */
  isHeld(account: AccountId): boolean {
    return this.book.of(account).held;
  }

  async #fetch(account: AccountId): Promise<AccountDevices> {
    const loaded = await this.tryLoad(account);
    const pinned = loaded?.pin ?? this.book.handedPin(account);
    // Where a list has no room for all devices, earlier ones say who they were.
    const needsAll = loaded === undefined || loaded.isFull;
    const after = needsAll || pinned === undefined ? undefined : pinned.version - 1;
    const answer = await this.#call(getDevices, { params: { account }, query: { after } });
    try {
      return await this.#records.transact(async (transaction) => {
        const known = await transaction.get(directoryTable, account);
        const handed = (await transaction.get(trustTable, account))?.handedPin;
        const before = known ?? (handed && { pin: handed, certificates: [] });
        const { provider, native, nowMs } = this.#self;
        const after = await runNative(provider, native, (curves) =>
          verifyDirectory(curves, account, answer, before),
        );
        transaction.put(directoryTable, account, after);
        const told = await readItem({ read: transaction.get.bind(transaction) }, "verified", account);
        await changeTrust(transaction, account, (trust) =>
          afterPin(trust, before?.pin, after.pin, nowMs(), told && encodeBase64url(told)),
        );
        return openRecord(this.#self.provider, account, after);
      });
    } catch (error) {
      if (isCryptoError(error) && pinned !== undefined) {
        await this.book.change(account, (trust) => ({ ...trust, contradicted: true }));
      }
      throw error;
    }
  }
}

/** Verifies a server's directory against what was pinned before. Throws `CryptoError`. */
export function verifyDirectory(
  provider: Provider,
  account: AccountId,
  answer: DeviceDirectory,
  before: Pick<DirectoryRecord, "pin" | "certificates"> | undefined,
): DirectoryRecord {
  const accountId = decodeBase64url(account);
  const pin = before && {
    version: before.pin.version,
    hash: decodeBase64url(before.pin.hash),
    aik: decodeBase64url(before.pin.aik),
  };
  const lists = answer.lists.map(decodeBase64url);
  const verified = verifyListChain(provider, accountId, lists, pin);
  const offered = [
    ...answer.certificates.map(({ certificate }) => certificate),
    ...(before?.certificates ?? []),
  ];
  const certificates = [...new Set(offered)];
  const wasVerified = new Set(before?.certificates.map((text) => hashText(provider, decodeBase64url(text))));
  const active = verifyDevices(provider, verified.list, certificates.map(decodeBase64url), {
    isVerified: (hash) => wasVerified.has(encodeBase64url(hash)),
  });
  const gone = verifyGone(provider, verified.list, lists.map(parseDeviceList), certificates, wasVerified);
  const kept = [...active.map(({ cert }) => encodeBase64url(cert.bytes)), ...gone];
  const signOuts = answer.signOuts.filter(({ deviceId, statement }) => {
    const device = active.find((candidate) => candidate.deviceId === deviceId);
    return device !== undefined && isValidSignOut(provider, device, statement);
  });
  return {
    username: answer.username,
    pin: {
      version: verified.pin.version,
      hash: encodeBase64url(verified.pin.hash),
      aik: encodeBase64url(verified.pin.aik),
    },
    list: encodeBase64url(verified.list.bytes),
    certificates: kept,
    signOuts: signOuts.map(({ deviceId, statement }) => ({ deviceId, statement })),
  };
}

/**
 * Certificates of revoked devices, which the newest list names by hash or has no room for: late messages of theirs still open, and what they did
 * in groups still holds. They are signed by the key of a list of `chain` that named them, or were known before.
 */
function verifyGone(
  provider: Provider,
  newest: DeviceList,
  chain: readonly DeviceList[],
  certificates: readonly string[],
  wasVerified: ReadonlySet<string>,
): string[] {
  const names = (list: DeviceList, hash: string): boolean =>
    list.devices.some(({ certHash }) => encodeBase64url(certHash) === hash);
  const entries = new Map(newest.devices.map((entry) => [entry.deviceId, entry]));
  return certificates.filter((text) => {
    const bytes = decodeBase64url(text);
    const hash = hashText(provider, bytes);
    const cert = tryParseCert(bytes);
    if (cert === undefined) return false;
    const entry = entries.get(cert.deviceId);
    const isRevoked = entry?.status === "revoked" && encodeBase64url(entry.certHash) === hash;
    if (entry !== undefined && !isRevoked) return false;
    if (wasVerified.has(hash)) return true;
    const keys = new Map(
      chain.filter((list) => names(list, hash)).map((list) => [encodeBase64url(list.aik), list]),
    );
    return [...keys.values()].some((list) => isCertifiedBy(provider, bytes, list));
  });
}

function tryParseCert(certificate: Uint8Array): DeviceCert | undefined {
  try {
    return parseDeviceCert(certificate);
  } catch (error) {
    if (error instanceof EnvelopeError) return undefined;
    throw error;
  }
}

function isCertifiedBy(provider: Provider, certificate: Uint8Array, list: DeviceList): boolean {
  try {
    verifyDeviceCert(provider, certificate, list);
    return true;
  } catch (error) {
    if (isCryptoError(error)) return false;
    throw error;
  }
}

function isValidSignOut(provider: Provider, device: VerifiedDevice, statement: string): boolean {
  try {
    verifySignOut(provider, device.cert, decodeBase64url(statement));
    return true;
  } catch (error) {
    // The server's word alone signs nobody out.
    if (isCryptoError(error) || error instanceof EnvelopeError) return false;
    throw error;
  }
}

function openRecord(provider: Provider, account: AccountId, record: DirectoryRecord): AccountDevices {
  const list = parseDeviceList(decodeBase64url(record.list));
  const certificates = new Map(
    record.certificates.map((text) => {
      const bytes = decodeBase64url(text);
      return [hashText(provider, bytes), parseDeviceCert(bytes)];
    }),
  );
  const signedOut = new Set(record.signOuts.map(({ deviceId }) => deviceId));
  const known = new Map<DeviceId, { device: VerifiedDevice; active: boolean }>();
  for (const { deviceId, status, certHash } of list.devices) {
    const cert = certificates.get(encodeBase64url(certHash));
    if (cert === undefined) continue;
    const device = { accountId: cert.accountId, deviceId, cert, certHash };
    known.set(deviceId, { device, active: status === "active" });
  }
  for (const cert of certificates.values()) {
    const { accountId, deviceId } = cert;
    const device = { accountId, deviceId, cert, certHash: deviceCertHash(provider, cert.bytes) };
    if (!known.has(deviceId)) known.set(deviceId, { device, active: false });
  }
  return {
    account,
    username: record.username,
    pin: {
      version: record.pin.version,
      hash: decodeBase64url(record.pin.hash),
      aik: decodeBase64url(record.pin.aik),
    },
    issuedAtMs: list.issuedAtMs,
    isFull: list.devices.length === deviceListMaxEntries,
    recipients: [...known.values()]
      .filter(({ device, active }) => active && !signedOut.has(device.deviceId))
      .map(({ device }) => device),
    known,
  };
}

function hashText(provider: Provider, certificate: Uint8Array): string {
  return encodeBase64url(deviceCertHash(provider, certificate));
}
