/** The access token of a session with another end, signed with the development secret. */
import { importJWK, SignJWT } from "jose";
import { readFileSync } from "node:fs";

/** As it will be when its time is over. */
export function expiredToken(accessToken: string): Promise<string> {
  return tokenEnding(accessToken, -1);
}

export async function tokenEnding(accessToken: string, inSeconds: number): Promise<string> {
  const secret = /SESSION_SIGNING_KEY='(.+)'/.exec(readFileSync(".dev.vars", "utf8"))?.[1] ?? "";
  const key = await importJWK(JSON.parse(secret) as Record<string, string>, "EdDSA");
  const claims = JSON.parse(Buffer.from(accessToken.split(".")[1] ?? "", "base64url").toString()) as object;
  return new SignJWT({ ...claims, exp: Math.floor(Date.now() / 1000) + inSeconds })
    .setProtectedHeader({ alg: "EdDSA" })
    .sign(key);
}
