/** The variables and secrets among the bindings: what needs no platform. */
export interface Settings {
  readonly ENVIRONMENT: string;
  readonly ALLOWED_ORIGINS: string;
  readonly JWT_ACCESS_EXPIRY: string;
  readonly JWT_REFRESH_EXPIRY: string;
  readonly ARCHIVE_SHARDS: string;
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
