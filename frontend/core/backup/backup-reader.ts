/**
 * Brings the keys of the account's other devices back to a device that joined later: what a person looks at first, the
 * rest in the background, one segment in memory at a time.
 */
import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";
import { sameBytes } from "#schema/envelope/bytes.ts";
import { SottoError } from "#schema/errors.ts";
import { getBackup, getBackupManifest, getBackupSegment } from "#schema/http/backup.ts";
import type { ConversationId, DeviceId } from "#schema/ids.ts";
import type { SessionCall } from "../api/session-api.ts";
import type { KeyEntry } from "../crypto/backup/key-entries.ts";
import {
  assertNotOlder,
  type ChainHead,
  openManifest,
  type OpenedManifest,
} from "../crypto/backup/manifest.ts";
import { assertOr, isCryptoError, parsing } from "../crypto/errors.ts";
import type { Environment } from "../environment.ts";
import { backupKey, type RestoreRecord, restoreTable } from "../store/backup-tables.ts";
import type { Records } from "../store/records.ts";
import type { Directory } from "../sync/directory.ts";
import { Pump } from "../sync/lane.ts";
import type { Self } from "../sync/self.ts";
import { isAccepted, toHead } from "./chain-heads.ts";
import { takeContacts } from "./contacts.ts";
import { addKeys, findKeys } from "./key-archive.ts";
import { mayHold, readSegment, type SegmentKeyring, toRecord } from "./segments.ts";

const retryAfterFaultMs = 30_000;
/** Another device may have saved meanwhile what it received just before this one joined. */
const staleAfterMs = 5 * 60_000;
/** A first device that registered has nothing to bring back. */
const firstDeviceId = 1;

type Segment = RestoreRecord["segments"][number];
const nothing: RestoreRecord = { heads: [], segments: [], fetched: [] };

export interface RestoreProgress {
  readonly keys: number;
  readonly ofKeys: number;
}

export class BackupReader {
  readonly #environment: Environment;
  readonly #records: Records;
  readonly #self: Self;
  readonly #keyring: SegmentKeyring;
  readonly #call: SessionCall;
  readonly #directory: Directory;
  readonly #changed: () => void;
  readonly #pump = new Pump(() => this.#work());
  readonly #underWay = new Map<string, Promise<void>>();
  readonly #damaged = new Set<string>();
  #refreshing: Promise<void> | undefined;
  #checkedAtMs: number | undefined;
  #progress: RestoreProgress | undefined;
  #isOnline = false;
  #refused = 0;
  #cancelTimer: () => void = () => undefined;

  constructor(
    environment: Environment,
    records: Records,
    self: Self,
    keyring: SegmentKeyring,
    call: SessionCall,
    directory: Directory,
    changed: () => void,
  ) {
    this.#environment = environment;
    this.#records = records;
    this.#self = self;
    this.#keyring = keyring;
    this.#call = call;
    this.#directory = directory;
    this.#changed = changed;
  }

  /** Undefined when nothing is being brought back. */
  get progress(): RestoreProgress | undefined {
    return this.#progress;
  }

  /** Backups of the server that were refused: older than ones seen before, or not made by this account's devices. */
  get refused(): number {
    return this.#refused;
  }

  /** Keys that came back from the other backups of the account. */
  async broughtBack(): Promise<number> {
    return (await this.#count()).keys;
  }

  online(): void {
    if (this.#isOnline || this.#self.deviceId === firstDeviceId) return;
    this.#isOnline = true;
    void this.#pump.request();
  }

  stop(): void {
    this.#isOnline = false;
    this.#cancelTimer();
  }

  async heads(): Promise<ChainHead[]> {
    return (await this.#state()).heads.map(toHead);
  }

  /**
   * Keys of these positions, as far as they are here or can be had from the server now. Never throws because of the
   * server: offline it answers with what is here.
   */
  async keys(conversationId: ConversationId, from: number, to: number): Promise<Map<number, KeyEntry>> {
    const find = () => findKeys(this.#records, conversationId, from, to);
    const here = await find();
    const count = [...here.keys()].filter((seq) => seq >= from && seq <= to).length;
    if (!this.#isOnline || count > to - from) return here;
    try {
      const isStale =
        this.#checkedAtMs === undefined || this.#self.nowMs() - this.#checkedAtMs > staleAfterMs;
      if (isStale) await this.#refresh();
      const id = decodeBase64url(conversationId);
      for (const segment of (await this.#missing()).filter((each) => mayHold(each, id, from, to))) {
        await this.#fetch(segment);
      }
    } catch (error) {
      if (!(error instanceof SottoError)) throw error;
    }
    return find();
  }

  async #state(): Promise<RestoreRecord> {
    return (await this.#records.read(restoreTable, backupKey)) ?? nothing;
  }

  /** Newest first: what a person looks for is near the end. */
  async #missing(): Promise<Segment[]> {
    const { segments, fetched } = await this.#state();
    const done = new Set(fetched);
    return segments.filter(({ id }) => !done.has(id) && !this.#damaged.has(id)).toReversed();
  }

  async #work(): Promise<void> {
    try {
      if ((await this.#state()).complete === true) return;
      await this.#refresh();
      for (
        let segment = (await this.#missing())[0];
        segment !== undefined;
        segment = (await this.#missing())[0]
      ) {
        await this.#showProgress();
        if (!this.#isOnline) return;
        await this.#fetch(segment);
      }
      this.#progress = undefined;
      if (this.#checkedAtMs === undefined) void this.#pump.request();
      else await this.#markComplete();
    } catch {
      // offline or a full disk: what is there stays, the rest comes later
      if (this.#isOnline)
        this.#cancelTimer = this.#environment.setTimer(retryAfterFaultMs, () => void this.#pump.request());
    }
    this.#changed();
  }

  async #markComplete(): Promise<void> {
    await this.#records.transact(async (transaction) => {
      const state = (await transaction.get(restoreTable, backupKey)) ?? nothing;
      transaction.put(restoreTable, backupKey, { ...state, complete: true });
    });
  }

  async #showProgress(): Promise<void> {
    this.#progress = await this.#count();
    this.#changed();
  }

  async #count(): Promise<RestoreProgress> {
    const { segments, fetched } = await this.#state();
    const done = new Set(fetched);
    const sum = (each: readonly Segment[]) => each.reduce((total, { entryCount }) => total + entryCount, 0);
    return { keys: sum(segments.filter(({ id }) => done.has(id))), ofKeys: sum(segments) };
  }

  #refresh(): Promise<void> {
    this.#refreshing ??= this.#readManifests().finally(() => {
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  /** Takes over every chain that verifies and is not older than known; of the others what is known stays. */
  async #readManifests(): Promise<void> {
    const { manifests } = await this.#call(getBackup, {});
    const before = await this.#state();
    const others = manifests.filter(({ device }) => device !== this.#self.deviceId);
    const opened: OpenedManifest[] = [];
    let refused = before.heads.filter(
      (head) => !others.some(({ device, version }) => device === head.device && version >= head.version),
    ).length;
    for (const { device, version } of others) {
      const head = before.heads.find((each) => each.device === device);
      if (head !== undefined && version <= head.version) continue;
      const manifest = await this.#tryOpen(device, before.heads.map(toHead));
      if (manifest === undefined) refused += 1;
      else opened.push(manifest);
    }
    const witnessed = opened.flatMap((manifest) => manifest.witnessed);
    const good = opened.filter((manifest) => isAccepted(manifest, witnessed));
    this.#refused = refused + opened.length - good.length;
    this.#checkedAtMs = this.#self.nowMs();
    if (good.length > 0) await this.#takeOver(good);
  }

  async #takeOver(manifests: readonly OpenedManifest[]): Promise<void> {
    await this.#records.transact(async (transaction) => {
      const known = (await transaction.get(restoreTable, backupKey)) ?? nothing;
      const isReplaced = ({ device }: { device: DeviceId }): boolean =>
        manifests.some(({ deviceId }) => deviceId === device);
      const segments = [
        ...known.segments.filter((segment) => !isReplaced(segment)),
        ...manifests.flatMap(({ deviceId, segments: named }) =>
          named.map((reference) => ({ ...toRecord(reference), device: deviceId })),
        ),
      ];
      const heads = manifests.map(({ deviceId, version, hash }) => {
        return { device: deviceId, version, hash: encodeBase64url(hash) };
      });
      const ids = new Set(segments.map(({ id }) => id));
      transaction.put(restoreTable, backupKey, {
        ...known,
        heads: [...known.heads.filter((head) => !isReplaced(head)), ...heads],
        segments,
        fetched: known.fetched.filter((id) => ids.has(id)),
      });
    });
  }

  async #tryOpen(device: DeviceId, heads: readonly ChainHead[]): Promise<OpenedManifest | undefined> {
    const { provider, root, accountId } = this.#keyring;
    const { pin } = await this.#directory.load(this.#self.account);
    const { data } = await this.#call(getBackupManifest, { params: { device: String(device) } });
    try {
      const expected = { accountId, deviceId: device, aik: pin.aik };
      const bytes = parsing(() => decodeBase64url(data));
      const opened = openManifest(provider, root, expected, bytes);
      assertNotOlder(opened, heads);
      return opened;
    } catch (error) {
      if (isCryptoError(error)) return undefined;
      throw error;
    }
  }

  #fetch(segment: Segment): Promise<void> {
    const fetching =
      this.#underWay.get(segment.id) ??
      this.#read(segment).finally(() => {
        this.#underWay.delete(segment.id);
      });
    this.#underWay.set(segment.id, fetching);
    return fetching;
  }

  async #read({ id, device, hash }: Segment): Promise<void> {
    const { provider } = this.#keyring;
    try {
      const params = { device: String(device), segment: id };
      const { data } = await this.#call(getBackupSegment, { params });
      const bytes = parsing(() => decodeBase64url(data));
      const isNamed = sameBytes(provider.sha256(bytes), decodeBase64url(hash));
      assertOr(isNamed, "BAD_BINDING", "backup segment: not the one that the manifest names");
      const { keys, contacts } = readSegment(this.#keyring, id, bytes);
      await this.#records.transact(async (transaction) => {
        const state = (await transaction.get(restoreTable, backupKey)) ?? nothing;
        if (state.fetched.includes(id)) return;
        await addKeys(transaction, keys, "backup");
        if (contacts !== undefined) await takeContacts(transaction, contacts, this.#self.nowMs());
        transaction.put(restoreTable, backupKey, { ...state, fetched: [...state.fetched, id] });
      });
    } catch (error) {
      const isGone = error instanceof SottoError && error.kind === "not_found";
      if (!isGone && !isCryptoError(error)) throw error;
      // Joined into a larger one meanwhile, or spoilt: the next reading of the manifests tells.
      this.#damaged.add(id);
      if (isGone) this.#checkedAtMs = undefined;
      else this.#refused += 1;
    }
  }
}
