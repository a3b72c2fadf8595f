/** Keeps this device's prekeys in stock and fresh (CRYPTO 2.1). */
import { encodeBase64url } from "#schema/envelope/base64url.ts";
import { parsePrekeyUpload } from "#schema/envelope/prekey-upload.ts";
import { encodeOneTimePrekey, encodePqPrekey, encodeSignedPrekey } from "#schema/envelope/prekeys.ts";
import { type PrekeyUpload, uploadPrekeys } from "#schema/http/devices.ts";
import type { PrekeyStock } from "#schema/protocol/inbox.ts";
import type { SessionCall } from "../api/session-api.ts";
import { runNative } from "../crypto/native/run-native.ts";
import { generatePrekeys, type PrekeyBatch, prekeyPolicy } from "../crypto/prekeys.ts";
import type { Environment } from "../environment.ts";
import type { Records, Transaction } from "../store/records.ts";
import { lastResortTable, prekeyKey, prekeyStateTable, prekeyTable } from "../store/tables.ts";
import { Pump } from "./lane.ts";
import type { Self } from "./self.ts";

export const prekeyStateKey = "self";
const checkMs = 3_600_000;
const retryAfterFaultMs = 60_000;

type Stock = Pick<PrekeyStock, "oneTime" | "oneTimePq" | "signedPrekeyCreatedAtMs">;

export class PrekeyUpkeep {
  readonly #environment: Environment;
  readonly #records: Records;
  readonly #self: Self;
  readonly #call: SessionCall;
  readonly #pump = new Pump(() => this.#work());
  #stock: Stock | undefined;
  #cancelTimer: () => void = () => undefined;

  constructor(environment: Environment, records: Records, self: Self, call: SessionCall) {
    this.#environment = environment;
    this.#records = records;
    this.#self = self;
    this.#call = call;
  }

  /** The server's count of what is left. */
  stock(stock: Stock): void {
    this.#stock = stock;
    void this.#pump.request();
  }

  stop(): void {
    this.#stock = undefined;
    this.#cancelTimer();
  }

  async #work(): Promise<void> {
    const stock = this.#stock;
    if (stock === undefined) return;
    this.#cancelTimer();
    const { oneTime, oneTimePq, rotateAfterMs } = prekeyPolicy;
    const rotate = this.#self.nowMs() - stock.signedPrekeyCreatedAtMs >= rotateAfterMs;
    const oneTimeCount = stock.oneTime < oneTime.refillBelow ? oneTime.batch : 0;
    const oneTimePqCount = stock.oneTimePq < oneTimePq.refillBelow ? oneTimePq.batch : 0;
    let nextCheckMs = checkMs;
    if (rotate || oneTimeCount > 0 || oneTimePqCount > 0) {
      try {
        const batch = await this.#generate({ rotate, oneTimeCount, oneTimePqCount });
        this.#stock = await this.#call(uploadPrekeys, { body: toPrekeyUpload(batch) });
      } catch {
        nextCheckMs = retryAfterFaultMs; // the keys stay stored; unused ones expire
      }
    }
    this.#cancelTimer = this.#environment.setTimer(nextCheckMs, () => void this.#pump.request());
  }

  /** The private halves are durable before anything is published. */
  #generate(wanted: { rotate: boolean; oneTimeCount: number; oneTimePqCount: number }): Promise<PrekeyBatch> {
    const nowMs = this.#self.nowMs();
    return this.#records.transact(async (transaction) => {
      const firstKeyId = (await transaction.get(prekeyStateTable, prekeyStateKey))?.nextKeyId ?? 1;
      const { provider, native, own } = this.#self;
      const batch = await runNative(provider, native, (curves) =>
        generatePrekeys(curves, own, { ...wanted, nowMs, firstKeyId }),
      );
      storePrekeys(transaction, batch);
      await dropExpired(transaction, nowMs);
      return batch;
    });
  }
}

/** Stages the private halves and the key id counter, which was read in this transaction. */
export function storePrekeys(transaction: Transaction, batch: PrekeyBatch): void {
  transaction.put(prekeyStateTable, prekeyStateKey, { nextKeyId: batch.nextKeyId });
  for (const secret of batch.secrets) {
    transaction.insert(prekeyTable, prekeyKey(secret.kind, secret.keyId), secret);
  }
}

/** The JSON form of a batch. */
export function toPrekeyUpload(batch: PrekeyBatch): PrekeyUpload {
  const { signed, lastResort, oneTime, oneTimePq } = parsePrekeyUpload(batch.upload);
  return {
    ...(signed !== undefined &&
      lastResort !== undefined && {
        signed: {
          signedPrekey: encodeBase64url(encodeSignedPrekey(signed)),
          lastResort: encodeBase64url(encodePqPrekey(lastResort)),
        },
      }),
    oneTime: oneTime.map((prekey) => encodeBase64url(encodeOneTimePrekey(prekey))),
    oneTimePq: oneTimePq.map((prekey) => encodeBase64url(encodePqPrekey(prekey))),
    signature: encodeBase64url(batch.uploadSig),
  };
}

/** Signed prekeys are kept 45 days and at least five of them, one-time ones 90 days, uses of last-resort keys 45 days. */
async function dropExpired(transaction: Transaction, nowMs: number): Promise<void> {
  const stored = await transaction.list(prekeyTable);
  for (const kind of ["signed", "lastResort", "oneTime", "oneTimePq"] as const) {
    const isOneTime = kind === "oneTime" || kind === "oneTimePq";
    const keepMs = isOneTime ? prekeyPolicy[kind].keepMs : prekeyPolicy.keepMs;
    const ofKind = stored.filter(({ value }) => value.kind === kind);
    const candidates = isOneTime ? ofKind : ofKind.slice(0, -prekeyPolicy.keepRotated);
    for (const { key, value } of candidates) {
      if (nowMs - value.createdAtMs <= keepMs) continue;
      await transaction.get(prekeyTable, key);
      transaction.delete(prekeyTable, key);
    }
  }
  for (const { key, value } of await transaction.list(lastResortTable)) {
    if (nowMs - value.atMs <= prekeyPolicy.keepMs) continue;
    await transaction.get(lastResortTable, key);
    transaction.delete(lastResortTable, key);
  }
}
