import { assertWellFormed } from "./envelope-error.ts";
import { type Bytes, concat, isAllZero, Reader, Writer } from "./bytes.ts";
import { label } from "./labels.ts";

export const deviceListKinds = { genesis: 1, change: 2, rotation: 3, reset: 4 } as const;
export type DeviceListKind = keyof typeof deviceListKinds;

export const deviceStatuses = { active: 1, revoked: 2 } as const;
export type DeviceStatus = keyof typeof deviceStatuses;

export const deviceListMaxEntries = 16;

export interface DeviceListEntry {
  readonly deviceId: number;
  readonly status: DeviceStatus;
  /** SHA-256 of `deviceCertHashInput`, 32 bytes. */
  readonly certHash: Uint8Array;
}

export interface DeviceListContent {
  readonly kind: DeviceListKind;
  readonly accountId: Uint8Array;
  readonly aik: Uint8Array;
  /** 1 for genesis, then +1. */
  readonly version: number;
  /** DLH of the previous list; zero for genesis. */
  readonly prevHash: Uint8Array;
  readonly issuedAtMs: number;
  /** 1 … 16, by strictly increasing `deviceId`. */
  readonly devices: readonly DeviceListEntry[];
}

export interface DeviceList extends DeviceListContent {
  /** The bytes before the signatures. */
  readonly tbs: Bytes;
  /** By AIK over `deviceListMessage`. */
  readonly sigAik: Bytes;
  /** Kind rotation only: by the previous AIK over `deviceListRotationMessage`. */
  readonly sigOldAik?: Bytes;
  readonly bytes: Bytes;
}

const version = 1;
const entryBytes = 37;
const headBytes = 95;

/** `ver 1 | kind | accountId 16 | AIK 32 | version u32 | prevHash 32 | issuedAt u64 | n u8 | n × (deviceId u32 | status u8 | certHash 32)`. */
export function encodeDeviceListTbs(content: DeviceListContent): Bytes {
  const writer = new Writer()
    .u8(version)
    .u8(deviceListKinds[content.kind])
    .bytes(content.accountId, 16)
    .bytes(content.aik, 32)
    .u32(content.version)
    .bytes(content.prevHash, 32)
    .u64(content.issuedAtMs)
    .u8(content.devices.length);
  for (const entry of content.devices) {
    writer.u32(entry.deviceId).u8(deviceStatuses[entry.status]).bytes(entry.certHash, 32);
  }
  const tbs = writer.done();
  parseDeviceListTbs(tbs);
  return tbs;
}

/** `TBS | sigAIK 64 [| sigOldAIK 64]`. */
export function encodeDeviceList(tbs: Uint8Array, sigAik: Uint8Array, sigOldAik?: Uint8Array): Bytes {
  const writer = new Writer().bytes(tbs).bytes(sigAik, 64);
  if (sigOldAik !== undefined) writer.bytes(sigOldAik, 64);
  return writer.done();
}

/** What AIK signs: `L("device-list-sig") ‖ TBS`. */
export function deviceListMessage(tbs: Uint8Array): Bytes {
  return concat(label("device-list-sig"), tbs);
}

/** What the previous AIK signs when it hands over (kind rotation): `L("device-list-rotate") ‖ TBS ‖ sigAIK`. */
export function deviceListRotationMessage(tbs: Uint8Array, sigAik: Uint8Array): Bytes {
  return concat(label("device-list-rotate"), tbs, sigAik);
}

/** DLH is SHA-256 of this: `L("device-list") ‖ list`, signatures included. */
export function deviceListHashInput(list: Uint8Array): Bytes {
  return concat(label("device-list"), list);
}

/** Parses the layout of CRYPTO 2.1 and its rules within one list; signatures and chain are not checked. Throws `EnvelopeError`. */
export function parseDeviceList(bytes: Uint8Array): DeviceList {
  const count = bytes[headBytes - 1] ?? 0;
  const tbsLength = headBytes + count * entryBytes;
  assertWellFormed(bytes.length >= tbsLength + 64, "device list: truncated");
  const own = Uint8Array.from(bytes);
  const tbs = own.slice(0, tbsLength);
  const content = parseDeviceListTbs(tbs);
  const reader = new Reader(own.subarray(tbsLength), "device list");
  const list = { ...content, tbs, sigAik: reader.take(64), bytes: own };
  if (content.kind !== "rotation") {
    reader.end();
    return list;
  }
  const sigOldAik = reader.take(64);
  reader.end();
  return { ...list, sigOldAik };
}

function parseDeviceListTbs(tbs: Uint8Array): DeviceListContent {
  const reader = new Reader(tbs, "device list");
  reader.version(version);
  const kind = reader.name(deviceListKinds);
  const accountId = reader.take(16);
  const aik = reader.take(32);
  const listVersion = reader.u32();
  const prevHash = reader.take(32);
  const issuedAtMs = reader.u64();
  const count = reader.u8();
  assertWellFormed(count >= 1 && count <= deviceListMaxEntries, "device list: number of devices");
  assertWellFormed(listVersion >= 1, "device list: version zero");
  const isFirst = kind === "genesis";
  assertWellFormed(isFirst === (listVersion === 1), "device list: genesis is version 1 and only that");
  assertWellFormed(isFirst === isAllZero(prevHash), "device list: previous hash");
  const devices: DeviceListEntry[] = [];
  let lastId = 0;
  for (let index = 0; index < count; index += 1) {
    const deviceId = reader.u32();
    assertWellFormed(deviceId > lastId, "device list: ids must increase");
    lastId = deviceId;
    const status = reader.name(deviceStatuses);
    devices.push({ deviceId, status, certHash: reader.take(32) });
  }
  reader.end();
  return { kind, accountId, aik, version: listVersion, prevHash, issuedAtMs, devices };
}
