/**
 * WebSocket upgrades: checks origin, protocol and token, then hands the socket to its object. A refused socket is
 * accepted and closed with a code, because an upgrade has no body to say why.
 */
import * as v from "valibot";
import { type CloseReason, closeCodes, type ErrorKind, SottoError } from "#schema/errors.ts";
import { conversationIdSchema } from "#schema/ids.ts";
import { subprotocol, tokenSubprotocolPrefix } from "#schema/protocol/version.ts";
import { type Identity, identityHeaders } from "#schema/rpc/shared.ts";
import { refusal } from "./contract.ts";
import type { Env } from "./env.ts";
import { isOriginAllowed } from "./origin.ts";
import { authenticateToken } from "./session.ts";
import type { VerifiedToken } from "./tokens.ts";

/** How a refusal closes a socket; every other kind is `unavailable`. */
const reasons: Partial<Record<ErrorKind, CloseReason>> = {
  unauthenticated: "unauthenticated",
  token_expired: "token_expired",
  session_revoked: "session_revoked",
  rate_limited: "rate_limited",
};

export function upgradeInbox(request: Request, env: Env): Promise<Response> {
  return upgrade(request, env, (identity) => env.INBOX.getByName(identity.account));
}

export function upgradeConversation(request: Request, env: Env, id: string): Promise<Response> {
  const conversation = v.safeParse(conversationIdSchema, id);
  return upgrade(request, env, () =>
    conversation.success ? env.CONVERSATION.getByName(conversation.output) : "not_found",
  );
}

async function upgrade(
  request: Request,
  env: Env,
  target: (identity: Identity) => DurableObjectStub | CloseReason,
): Promise<Response> {
  if (request.headers.get("upgrade")?.toLowerCase() !== "websocket") {
    return refusal("malformed", "This address takes WebSocket upgrades only.");
  }
  const offered = (request.headers.get("sec-websocket-protocol") ?? "")
    .split(",")
    .map((entry) => entry.trim());
  if (!isOriginAllowed(request, env)) return refuseSocket("forbidden", offered);
  if (!offered.includes(subprotocol)) return refuseSocket("upgrade_required", offered);
  const token = offered.find((entry) => entry.startsWith(tokenSubprotocolPrefix));
  if (token === undefined) return refuseSocket("unauthenticated", offered);
  let verified: VerifiedToken;
  try {
    verified = await authenticateToken(env, token.slice(tokenSubprotocolPrefix.length));
  } catch (error) {
    const reason = error instanceof SottoError ? reasons[error.kind] : undefined;
    return refuseSocket(reason ?? "unavailable", offered);
  }
  const stub = target(verified.identity);
  if (typeof stub === "string") return refuseSocket(stub, offered);
  try {
    return await stub.fetch(new Request("https://object/", { headers: stampedHeaders(verified) }));
  } catch {
    return refuseSocket("unavailable", offered);
  }
}

function stampedHeaders({ identity, expiresAtMs }: VerifiedToken): Headers {
  return new Headers({
    upgrade: "websocket",
    [identityHeaders.account]: identity.account,
    [identityHeaders.device]: String(identity.device),
    [identityHeaders.session]: identity.session,
    [identityHeaders.username]: identity.username,
    [identityHeaders.expiresAtMs]: String(expiresAtMs),
  });
}

/** A browser drops a socket whose subprotocols are all ignored before it reads the close code; so one is echoed. */
function refuseSocket(reason: CloseReason, offered: readonly string[]): Response {
  const { 0: client, 1: server } = new WebSocketPair();
  server.accept();
  server.close(closeCodes[reason], reason);
  const echoed = offered.includes(subprotocol) ? subprotocol : offered[0];
  const headers = new Headers();
  if (echoed !== undefined && echoed !== "") headers.set("sec-websocket-protocol", echoed);
  return new Response(null, { status: 101, webSocket: client, headers });
}
