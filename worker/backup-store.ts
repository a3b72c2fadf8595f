/** Backups in the bucket: `b/<tag of the account>/m/<device>` and `…/s/<device>/<segment>`. Its failures are `unavailable`. */
import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";
import { SottoError } from "#schema/errors.ts";
import type { BackupSegmentId } from "#schema/http/backup.ts";
import type { AccountId, DeviceId } from "#schema/ids.ts";
import type { Env } from "./env.ts";
import { labelledHmac } from "./secrets.ts";

type StoreEnv = Pick<Env, "MEDIA" | "SERVER_SECRET">;

export interface StoredManifest {
  readonly version: number;
  readonly data: Uint8Array;
  /** What a conditional write has to name. */
  readonly etag: string;
}

export interface BackupListing {
  readonly manifests: readonly { readonly device: DeviceId; readonly version: number }[];
  readonly usedBytes: number;
}

/** At most this many objects are removed by one call of the bucket. */
const removedAtOnce = 1_000;

export class BackupStore {
  readonly #bucket: R2Bucket;
  readonly #prefix: string;

  private constructor(bucket: R2Bucket, prefix: string) {
    this.#bucket = bucket;
    this.#prefix = prefix;
  }

  /** The tag is made under a secret: whoever lists the bucket learns no account. */
  static async of(env: StoreEnv, account: AccountId): Promise<BackupStore> {
    const tag = await labelledHmac(env.SERVER_SECRET, "backup-name", decodeBase64url(account));
    return new BackupStore(env.MEDIA, `b/${encodeBase64url(tag)}/`);
  }

  async list(): Promise<BackupListing> {
    const objects = await this.#objects("");
    const manifestPrefix = `${this.#prefix}m/`;
    const manifests = objects
      .filter(({ key }) => key.startsWith(manifestPrefix))
      .map(({ key, customMetadata }) => ({
        device: Number(key.slice(manifestPrefix.length)),
        version: Number(customMetadata?.["version"] ?? 0),
      }))
      .sort((a, b) => a.device - b.device);
    return { manifests, usedBytes: objects.reduce((sum, { size }) => sum + size, 0) };
  }

  async manifest(device: DeviceId): Promise<StoredManifest | undefined> {
    const found = await reaching(() => this.#bucket.get(this.#manifestName(device)));
    if (found === null) return undefined;
    const data = new Uint8Array(await reaching(() => found.arrayBuffer()));
    return { version: Number(found.customMetadata?.["version"] ?? 0), data, etag: found.etag };
  }

  /** Writes over `before` (undefined: nothing); false when something else is there by now. */
  async replaceManifest(
    device: DeviceId,
    before: StoredManifest | undefined,
    next: { readonly version: number; readonly data: Uint8Array },
  ): Promise<boolean> {
    const onlyIf = before === undefined ? { etagDoesNotMatch: "*" } : { etagMatches: before.etag };
    const customMetadata = { version: String(next.version) };
    const written = await reaching(() =>
      this.#bucket.put(this.#manifestName(device), next.data, { onlyIf, customMetadata }),
    );
    return written !== null;
  }

  async segment(device: DeviceId, segment: BackupSegmentId): Promise<Uint8Array | undefined> {
    const found = await reaching(() => this.#bucket.get(this.#segmentName(device, segment)));
    return found === null ? undefined : new Uint8Array(await reaching(() => found.arrayBuffer()));
  }

  async hasSegment(device: DeviceId, segment: BackupSegmentId): Promise<boolean> {
    return (await reaching(() => this.#bucket.head(this.#segmentName(device, segment)))) !== null;
  }

  /** False when it was there before; then nothing has changed. */
  async addSegment(device: DeviceId, segment: BackupSegmentId, data: Uint8Array): Promise<boolean> {
    const onlyIf = { etagDoesNotMatch: "*" };
    const name = this.#segmentName(device, segment);
    return (await reaching(() => this.#bucket.put(name, data, { onlyIf }))) !== null;
  }

  /** Removes the device's segments that are not among `kept`. */
  async keepSegments(device: DeviceId, kept: readonly BackupSegmentId[]): Promise<void> {
    const names = new Set(kept.map((segment) => this.#segmentName(device, segment)));
    const stored = await this.#objects(`s/${device}/`);
    await this.#remove(stored.map(({ key }) => key).filter((key) => !names.has(key)));
  }

  /** Removes what other devices than this one have saved. */
  async removeOthers(device: DeviceId): Promise<void> {
    const [manifest, segments] = [this.#manifestName(device), `${this.#prefix}s/${device}/`];
    const stored = await this.#objects("");
    const names = stored.map(({ key }) => key);
    await this.#remove(names.filter((key) => key !== manifest && !key.startsWith(segments)));
  }

  async #remove(names: readonly string[]): Promise<void> {
    for (let at = 0; at < names.length; at += removedAtOnce) {
      await reaching(() => this.#bucket.delete(names.slice(at, at + removedAtOnce)));
    }
  }

  async #objects(under: string): Promise<R2Object[]> {
    const objects: R2Object[] = [];
    const prefix = this.#prefix + under;
    for (let cursor: string | undefined; ;) {
      const options = {
        prefix,
        include: ["customMetadata" as const],
        ...(cursor !== undefined && { cursor }),
      };
      const page = await reaching(() => this.#bucket.list(options));
      objects.push(...page.objects);
      if (!page.truncated) return objects;
      cursor = page.cursor;
    }
  }

  #manifestName(device: DeviceId): string {
    return `${this.#prefix}m/${device}`;
  }

  #segmentName(device: DeviceId, segment: BackupSegmentId): string {
    return `${this.#prefix}s/${device}/${segment}`;
  }
}

async function reaching<Value>(call: () => Promise<Value>): Promise<Value> {
  try {
    return await call();
  } catch (cause) {
    throw new SottoError("unavailable", "Not possible right now; try again.", { retryAfterMs: 2_000, cause });
  }
}
