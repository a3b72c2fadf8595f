import { limits } from "#schema/limits.ts";

/** The variables and secrets among the bindings: what needs no platform. */
export interface Settings {
  readonly ENVIRONMENT: string;
  readonly ALLOWED_ORIGINS: string;
  readonly JWT_ACCESS_EXPIRY: string;
  readonly JWT_REFRESH_EXPIRY: string;
  /** How long the reset of an account waits; `limits.resetDelayMs` unless given. */
  readonly RESET_DELAY?: string;
  readonly ARCHIVE_SHARDS: string;
  /** Bytes of the largest file that may be sent, and of everything that one account may keep. */
  readonly MAX_FILE_SIZE?: string;
  readonly MEDIA_QUOTA?: string;
  /** Bytes that all backups of one account may take. */
  readonly BACKUP_QUOTA?: string;
  /** X25519 key of the moderators, base64url; empty: this server takes no reports. */
  readonly REPORT_PUBLIC_KEY: string;
  /** Ed25519 private key, JWK as JSON. */
  readonly SESSION_SIGNING_KEY: string;
  /** 32 bytes, base64url. Every other server secret is derived from it. */
  readonly SERVER_SECRET: string;
}

const unitsMs: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `15m`, `7d` … in milliseconds. Throws on anything else: a wrong setting must not pass for a short session. */
export function durationMs(text: string): number {
  const match = /^(\d{1,6})([smhd])$/.exec(text);
  const unit = match === null ? undefined : unitsMs[match[2] ?? ""];
  if (match === null || unit === undefined) throw new Error("a duration setting is not of the form 15m");
  return Number(match[1]) * unit;
}

/** At least `limits.resetDelayMinMs` except in development. Throws when the setting is no duration. */
export function resetDelayMs({
  RESET_DELAY,
  ENVIRONMENT,
}: Pick<Settings, "RESET_DELAY" | "ENVIRONMENT">): number {
  if (RESET_DELAY === undefined || RESET_DELAY === "") return limits.resetDelayMs;
  const delayMs = durationMs(RESET_DELAY);
  return ENVIRONMENT === "development" ? delayMs : Math.max(delayMs, limits.resetDelayMinMs);
}

/** Throws when a setting is no number of bytes. */
export function mediaLimits(settings: Pick<Settings, "MAX_FILE_SIZE" | "MEDIA_QUOTA">): {
  readonly maxFileBytes: number;
  readonly quotaBytes: number;
} {
  return {
    maxFileBytes: bytesOf(settings.MAX_FILE_SIZE, limits.maxFileBytes),
    quotaBytes: bytesOf(settings.MEDIA_QUOTA, limits.mediaQuotaBytes),
  };
}

/** Throws when the setting is no number of bytes. */
export function backupQuotaBytes({ BACKUP_QUOTA }: Pick<Settings, "BACKUP_QUOTA">): number {
  return bytesOf(BACKUP_QUOTA, limits.backupQuotaBytes);
}

function bytesOf(setting: string | undefined, otherwise: number): number {
  if (setting === undefined || setting === "") return otherwise;
  if (!/^\d{1,13}$/.test(setting)) throw new Error("a size setting is not a number of bytes");
  return Number(setting);
}
