/**
 * Writes the keys of new messages into this device's backup (CRYPTO 2.13).
 *
 * A segment and the manifest that names it are durable here, in one commit with the cursors that moved over their
 * messages, before anything is sent; after a crash the same bytes go again, and nothing goes twice under two names.
 */
import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";
import { SottoError } from "#schema/errors.ts";
import { type BackupSegmentId, getBackup, putBackupManifest, putBackupSegment } from "#schema/http/backup.ts";
import type { SessionCall } from "../api/session-api.ts";
import { type ChainHead, manifestHash, sealManifest } from "../crypto/backup/manifest.ts";
import type { Environment } from "../environment.ts";
import {
  backupCursorTable,
  backupKey,
  backupSegmentTable,
  type BackupStateRecord,
  backupStateTable,
  type SegmentRecord,
} from "../store/backup-tables.ts";
import type { Records, Transaction } from "../store/records.ts";
import { messageTable } from "../store/tables.ts";
import { trustTable } from "../store/trust-table.ts";
import type { Conversations } from "../sync/conversations.ts";
import { Pump } from "../sync/lane.ts";
import type { Self } from "../sync/self.ts";
import { type Batch, entryOf, gatherBatch, passOver } from "./batch.ts";
import { collectContacts } from "./contacts.ts";
import { manifestRequest } from "./manifest-request.ts";
import {
  isFinal,
  isJoined,
  joinKeys,
  makeSegment,
  readSegment,
  segmentEntriesMax,
  type SegmentKeyring,
  toReference,
} from "./segments.ts";

/** A save is due after so many messages, or so long after the first of them. */
const messagesPerSave = 200;
const saveAfterMs = 60_000;
const retryAfterFaultMs = 60_000;
/** What an earlier run left behind waits until this one has caught up. */
const afterStartMs = 5_000;
/** Space comes back when a person gives some free, not by itself. */
const retryWhenFullMs = 3_600_000;

const noState: BackupStateRecord = { version: 0, hash: "", storedVersion: 0, segments: [] };

type Known = Awaited<ReturnType<typeof collectContacts>>;

/** A segment to be written, and those that are named from then on or no longer. */
interface Made {
  readonly kept: readonly SegmentRecord[];
  readonly removed: readonly BackupSegmentId[];
  readonly record: SegmentRecord;
  readonly bytes: Uint8Array;
  readonly contacts: Pick<BackupStateRecord, "contacts"> | undefined;
}

export interface WriterLinks {
  /** Other devices' chains as last seen. */
  heads(): Promise<readonly ChainHead[]>;
  changed(): void;
}

export class BackupWriter {
  readonly #environment: Environment;
  readonly #records: Records;
  readonly #self: Self;
  readonly #keyring: SegmentKeyring;
  readonly #call: SessionCall;
  readonly #conversations: Conversations;
  readonly #links: WriterLinks;
  readonly #pump = new Pump(() => this.#work());
  #waiting = 0;
  #isOnline = false;
  #isFull = false;
  #fault: Error | undefined;
  #cancelTimer: (() => void) | undefined;

  constructor(
    environment: Environment,
    records: Records,
    self: Self,
    keyring: SegmentKeyring,
    call: SessionCall,
    conversations: Conversations,
    links: WriterLinks,
  ) {
    this.#environment = environment;
    this.#records = records;
    this.#self = self;
    this.#keyring = keyring;
    this.#call = call;
    this.#conversations = conversations;
    this.#links = links;
    records.watch(messageTable, (_, value) => {
      if (value !== undefined && entryOf(value).length > 0) this.#noticed();
    });
    records.watch(trustTable, () => {
      this.#cancelTimer ??= this.#later(saveAfterMs);
    });
  }

  /** Messages stored since the last save, as far as this run knows. */
  get waiting(): number {
    return this.#waiting;
  }

  get isFull(): boolean {
    return this.#isFull;
  }

  async state(): Promise<BackupStateRecord> {
    return (await this.#records.read(backupStateTable, backupKey)) ?? noState;
  }

  /** The server can be reached: what an earlier run left behind goes now. */
  online(): void {
    if (this.#isOnline) return;
    this.#isOnline = true;
    this.#cancelTimer ??= this.#later(afterStartMs);
  }

  stop(): void {
    this.#isOnline = false;
    this.#cancelTimer?.();
  }

  /** Saves everything there is. Throws `SottoError` and `StoreError`. */
  async save(): Promise<void> {
    this.#isOnline = true;
    await this.#pump.request();
    if (this.#fault !== undefined) throw this.#fault;
  }

  #noticed(): void {
    this.#waiting += 1;
    if (this.#waiting % messagesPerSave === 0 && this.#isOnline) void this.#pump.request();
    else this.#cancelTimer ??= this.#later(saveAfterMs);
    this.#links.changed();
  }

  #later(delayMs: number): () => void {
    return this.#environment.setTimer(delayMs, () => {
      this.#cancelTimer = undefined;
      if (this.#isOnline) void this.#pump.request();
    });
  }

  async #work(): Promise<void> {
    if (!this.#isOnline) return;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    const covered = this.#waiting;
    try {
      while (await this.#step()) if (!this.#isOnline) return;
      this.#waiting -= covered;
      this.#fault = undefined;
      this.#isFull = false;
    } catch (error) {
      this.#fault = error instanceof Error ? error : new Error("not saved", { cause: error });
      this.#isFull = error instanceof SottoError && error.kind === "quota_exceeded";
      if (this.#isOnline)
        this.#cancelTimer ??= this.#later(this.#isFull ? retryWhenFullMs : retryAfterFaultMs);
    }
    this.#links.changed();
  }

  /** Sends what is written, or writes what is not; false when there was neither. */
  async #step(): Promise<boolean> {
    const state = await this.state();
    if (state.unsent !== undefined) {
      await this.#send(state, state.unsent);
      return true;
    }
    const batch = await gatherBatch(this.#records, this.#conversations, segmentEntriesMax);
    const known = await collectContacts(this.#records, this.#self);
    const isDue = known !== undefined && known.digest !== state.contacts?.digest;
    if (batch.entryCount === 0 && batch.cursors.size === 0 && !isDue) return false;
    const made = batch.entryCount > 0 || isDue ? await this.#joined(state, batch, known) : undefined;
    await this.#write(state, batch, made);
    return made !== undefined;
  }

  async #write(state: BackupStateRecord, batch: Batch, made: Made | undefined): Promise<void> {
    const { provider, root } = this.#keyring;
    const manifest =
      made &&
      sealManifest(provider, root, this.#self.own, {
        version: state.version + 1,
        prevHash: state.hash === "" ? new Uint8Array(32) : decodeBase64url(state.hash),
        writtenAtMs: this.#self.nowMs(),
        witnessed: await this.#links.heads(),
        segments: [...made.kept, made.record].map(toReference),
      });
    await this.#records.transact(async (transaction) => {
      const current = (await transaction.get(backupStateTable, backupKey)) ?? noState;
      if (current.version !== state.version) return; // another owner of the store was quicker
      await passOver(transaction, batch);
      if (made === undefined || manifest === undefined) return;
      for (const id of made.removed) await forgetSegment(transaction, id);
      transaction.insert(backupSegmentTable, made.record.id, made.bytes);
      transaction.put(backupStateTable, backupKey, {
        ...current,
        ...made.contacts,
        version: state.version + 1,
        hash: encodeBase64url(manifestHash(provider, manifest)),
        segments: [...made.kept, made.record],
        unsent: { manifest: encodeBase64url(manifest), segments: [made.record.id] },
      });
    });
  }

  /**
   * The batch as a segment, joined with the newest ones that it has outgrown. What is known of contacts goes with it when it has changed, or its
   * segment is among them.
   */
  async #joined(state: BackupStateRecord, batch: Batch, known: Known): Promise<Made> {
    const kept = [...state.segments];
    const removed: BackupSegmentId[] = [];
    let { keys, entryCount } = batch;
    for (let last = kept.at(-1); last !== undefined; last = kept.at(-1)) {
      const bytes = isJoined(last.entryCount, entryCount)
        ? await this.#records.read(backupSegmentTable, last.id)
        : undefined;
      if (bytes === undefined) break;
      keys = joinKeys(keys, readSegment(this.#keyring, last.id, bytes).keys);
      entryCount += last.entryCount;
      removed.push(last.id);
      kept.pop();
    }
    const { digest, segment } = state.contacts ?? {};
    const isKept = known?.digest === digest && kept.some(({ id }) => id === segment);
    const taken = known === undefined || isKept ? undefined : known;
    const made = makeSegment(this.#keyring, keys, taken?.contacts);
    const contacts = taken && { digest: taken.digest, segment: made.record.id };
    return { kept, removed, ...made, contacts: contacts && { contacts } };
  }

  async #send(state: BackupStateRecord, unsent: NonNullable<BackupStateRecord["unsent"]>): Promise<void> {
    for (const id of unsent.segments) {
      const bytes = await this.#records.read(backupSegmentTable, id);
      if (bytes === undefined) continue;
      await this.#call(putBackupSegment, {
        params: { segment: id },
        body: { data: encodeBase64url(bytes) },
      });
    }
    try {
      await this.#call(putBackupManifest, { body: manifestRequest(this.#self, state, unsent.manifest) });
    } catch (error) {
      if (!(error instanceof SottoError) || error.kind !== "backup_conflict") throw error;
      await this.#beginAnew(state);
      return;
    }
    await this.#records.transact(async (transaction) => {
      const current = await transaction.get(backupStateTable, backupKey);
      if (current?.version !== state.version) return;
      const { unsent: _sent, ...rest } = current;
      const savedAtMs = this.#self.nowMs();
      transaction.put(backupStateTable, backupKey, { ...rest, storedVersion: state.version, savedAtMs });
      for (const segment of current.segments) {
        if (isFinal(segment)) await forgetSegment(transaction, segment.id);
      }
    });
  }

  /** The server holds another version than the one this device left there: everything is written again above it. */
  async #beginAnew(state: BackupStateRecord): Promise<void> {
    const { manifests } = await this.#call(getBackup, {});
    const stored = manifests.find(({ device }) => device === this.#self.deviceId)?.version ?? 0;
    await this.#records.transact(async (transaction) => {
      const current = await transaction.get(backupStateTable, backupKey);
      if (current?.version !== state.version) return;
      for (const { key } of await transaction.list(backupCursorTable)) {
        await transaction.get(backupCursorTable, key);
        transaction.delete(backupCursorTable, key);
      }
      for (const { id } of current.segments) await forgetSegment(transaction, id);
      // One is left out: nobody can take the next manifest for one that should follow what they know.
      const version = Math.max(stored, current.version) + 1;
      transaction.put(backupStateTable, backupKey, { ...noState, version, storedVersion: stored });
    });
  }
}

async function forgetSegment(transaction: Transaction, id: BackupSegmentId): Promise<void> {
  if ((await transaction.get(backupSegmentTable, id)) !== undefined)
    transaction.delete(backupSegmentTable, id);
}
