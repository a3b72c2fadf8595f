/** Wrong passwords per name: the fourth within the window waits. Names are kept only as HMAC, known and unknown alike. */
import { encodeBase64url } from "#schema/envelope/base64url.ts";
import { SottoError } from "#schema/errors.ts";
import { limits } from "#schema/limits.ts";
import { query } from "./directory.ts";
import type { Env } from "./env.ts";
import { labelledHmac, utf8 } from "./secrets.ts";

type AttemptEnv = Pick<Env, "DB" | "SERVER_SECRET">;

/** Counts an attempt before it is judged, so that attempts made at once cannot slip through. Throws `rate_limited`. */
export async function countAttempt(env: AttemptEnv, username: string, nowMs: number): Promise<void> {
  const tag = await nameTag(env, username);
  const windowStartMs = nowMs - limits.loginWindowMs;
  const counted = await query(() =>
    env.DB.prepare(
      `INSERT INTO login_attempts VALUES (?1, 1, ?2) ON CONFLICT (name_tag) DO UPDATE SET
         failures = CASE WHEN window_started_at_ms <= ?3 THEN 1 ELSE failures + 1 END,
         window_started_at_ms = CASE WHEN window_started_at_ms <= ?3 THEN ?2 ELSE window_started_at_ms END
       WHERE window_started_at_ms <= ?3 OR failures < ?4
       RETURNING failures`,
    )
      .bind(tag, nowMs, windowStartMs, limits.loginFailures)
      .first(),
  );
  if (counted !== null) return;
  const row = await query(() =>
    env.DB.prepare("SELECT window_started_at_ms AS startedAtMs FROM login_attempts WHERE name_tag = ?")
      .bind(tag)
      .first<{ startedAtMs: number }>(),
  );
  const retryAfterMs = Math.max(1_000, (row?.startedAtMs ?? nowMs) + limits.loginWindowMs - nowMs);
  throw new SottoError("rate_limited", "Too many wrong passwords; wait a while.", { retryAfterMs });
}

/** The password was right: earlier mistakes no longer count. */
export async function forgetAttempts(env: AttemptEnv, username: string): Promise<void> {
  const tag = await nameTag(env, username);
  await query(() => env.DB.prepare("DELETE FROM login_attempts WHERE name_tag = ?").bind(tag).run());
}

/** Deletes what no longer counts. */
export async function cleanAttempts(env: Pick<Env, "DB">, nowMs: number): Promise<void> {
  await env.DB.prepare("DELETE FROM login_attempts WHERE window_started_at_ms <= ?")
    .bind(nowMs - limits.loginWindowMs)
    .run();
}

async function nameTag(env: AttemptEnv, username: string): Promise<string> {
  return encodeBase64url(await labelledHmac(env.SERVER_SECRET, "login-name", utf8(username)));
}
