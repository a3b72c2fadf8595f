/** Telling the server and the peers that this device has signed out. */
import { encodeBase64url } from "#schema/envelope/base64url.ts";
import { logout, signOut } from "#schema/http/auth.ts";
import { callRoute } from "../api/http.ts";
import type { Tokens } from "../api/tokens.ts";
import { signOut as signSignOut } from "../crypto/device-identity.ts";
import { delay, type Environment } from "../environment.ts";
import type { Self } from "../sync/self.ts";

/** The store is wiped already; nobody waits longer than this for a server that is away. */
const farewellMs = 4_000;

/** What has to be known before the keys are wiped. */
export interface Farewell {
  readonly statement: string;
  readonly accessToken: string | undefined;
}

/** The device's own signed word that it is gone (CRYPTO 2.1). */
export function prepareFarewell(self: Self, tokens: Tokens): Farewell {
  const statement = encodeBase64url(signSignOut(self.provider, self.own, self.nowMs()));
  return { statement, accessToken: tokens.tryCurrent() };
}

/** Tries the session's logout, then the bare statement. Never throws: the device is signed out here in any case. */
export async function sendFarewell(environment: Environment, farewell: Farewell): Promise<void> {
  const { statement, accessToken } = farewell;
  const telling = async () => {
    try {
      if (accessToken === undefined) throw new Error("no session");
      await callRoute(environment, logout, { body: { scope: "device", signOut: statement } }, accessToken);
    } catch {
      await callRoute(environment, signOut, { body: { statement } }).catch(() => undefined); // best effort
    }
  };
  await Promise.race([telling(), delay(environment, farewellMs)]);
}
