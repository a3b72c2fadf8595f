/** The backup half of the fake server: keeps what it is given, and can be told to forget or to go back. */
import * as v from "valibot";
import { SottoError } from "#schema/errors.ts";
import { putBackupManifest, putBackupSegment } from "#schema/http/backup.ts";
import type { AccountId, DeviceId } from "#schema/ids.ts";

export interface FakeManifest {
  readonly version: number;
  readonly data: string;
}

interface AccountBackup {
  readonly manifests: Map<DeviceId, FakeManifest>;
  /** By `device/segment`. */
  readonly segments: Map<string, string>;
}

export class FakeBackups {
  readonly #accounts = new Map<AccountId, AccountBackup>();
  isFull = false;
  /** Every segment that was sent, as often as it was. */
  readonly sent: string[] = [];
  readonly fetched: string[] = [];

  of(account: AccountId): AccountBackup {
    const known = this.#accounts.get(account) ?? { manifests: new Map(), segments: new Map() };
    this.#accounts.set(account, known);
    return known;
  }

  /** `data` of the answer to `method /api/backup/…parts`. */
  answer(
    caller: { readonly account: AccountId; readonly deviceId: DeviceId },
    method: string,
    [kind, first = "", second = ""]: readonly string[],
    body: unknown,
  ): unknown {
    const { manifests, segments } = this.of(caller.account);
    switch (`${method} ${kind ?? ""}`.trim()) {
      case "GET":
        return {
          manifests: [...manifests].map(([device, { version }]) => ({ device, version })),
          usedBytes: 0,
          quotaBytes: 1,
        };
      case "GET manifests":
        return found(manifests.get(Number(first)));
      case "GET segments":
        this.fetched.push(second);
        return { data: found(segments.get(`${first}/${second}`)) };
      case "PUT segments": {
        const { data } = v.parse(putBackupSegment.request, body);
        if (this.isFull) throw new SottoError("quota_exceeded", "Full.");
        this.sent.push(first);
        segments.set(`${caller.deviceId}/${first}`, data);
        return { stored: true };
      }
      case "PUT manifest": {
        const write = v.parse(putBackupManifest.request, body);
        const { version, data } = write;
        const before = manifests.get(caller.deviceId);
        const isRepeated = before?.version === version && before.data === data;
        const isNext = (before?.version ?? 0) === write.expected && version > write.expected;
        if (!isRepeated && !isNext) throw new SottoError("backup_conflict", "Another one.");
        manifests.set(caller.deviceId, { version, data });
        const kept = new Set(write.segments.map((segment) => `${caller.deviceId}/${segment}`));
        for (const key of segments.keys()) {
          if (key.startsWith(`${caller.deviceId}/`) && !kept.has(key)) segments.delete(key);
        }
        return { version };
      }
      default:
        throw new SottoError("not_found", "No such route.");
    }
  }
}

function found<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new SottoError("not_found", "No such backup.");
  return value;
}
