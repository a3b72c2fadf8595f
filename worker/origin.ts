/** Which web pages may use the API: those of its own origin, and those that the operator names. */
import type { Env } from "./env.ts";

/** Requests without an `Origin` come from no web page and are judged by their token alone. */
export function isOriginAllowed(request: Request, env: Pick<Env, "ALLOWED_ORIGINS">): boolean {
  const origin = request.headers.get("origin");
  if (origin === null || origin === new URL(request.url).origin) return true;
  return env.ALLOWED_ORIGINS.split(",").some((allowed) => allowed.trim() !== "" && allowed.trim() === origin);
}
