/** The protocol's version, its history, and the hash that keeps the schemas from drifting unnoticed. */

/**
 * Sent as the WebSocket subprotocol and echoed by the server.
 *
 * - version 1: direct conversations and groups, receipts, typing, inbox, to-device messages, frames packed downwards.
 * - version 2: messages go up in binary frames (send-frame.ts).
 */
export const protocolVersion = 2;
export const subprotocol = `sotto.v${protocolVersion}`;

/** Prefix of the second subprotocol entry of a WebSocket upgrade, which carries the access token. */
export const tokenSubprotocolPrefix = "token.";

/** SHA-256 of the canonical form of the up and down schemas; pinned by version.test.ts. */
export const protocolHash = "dc85225d013dd5057776af30a5259c4f08338dc90080bc9a2a34172289bd96b2";
