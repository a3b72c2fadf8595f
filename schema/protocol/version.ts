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
export const protocolHash = "39af0ceec50c1cfb73a61b88d8c244aa374935ed45355de3c9eb90bca013bcc2";
