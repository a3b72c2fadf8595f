/** The protocol's version, its history, and the hash that keeps the schemas from drifting unnoticed. */

/**
 * Sent as the WebSocket subprotocol and echoed by the server.
 *
 * - version 1: direct conversations, receipts, typing, inbox, to-device messages, frames packed both ways.
 */
export const protocolVersion = 1;
export const subprotocol = `sotto.v${protocolVersion}`;

/** Prefix of the second subprotocol entry of a WebSocket upgrade, which carries the access token. */
export const tokenSubprotocolPrefix = "token.";

/** SHA-256 of the canonical form of the up and down schemas; pinned by version.test.ts. */
export const protocolHash = "bdabff4982da34d2dd7474d1ff4650ef9d54d25f2e5934c01233f8fd8f88625f";
