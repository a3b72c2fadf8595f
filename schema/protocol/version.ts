/** The protocol's version, its history, and the hash that keeps the schemas from drifting unnoticed. */

/**
 * Sent as the WebSocket subprotocol and echoed by the server.
 *
 * - version 1: direct conversations and groups, receipts, typing, inbox, to-device messages, frames packed both ways.
 */
export const protocolVersion = 1;
export const subprotocol = `sotto.v${protocolVersion}`;

/** Prefix of the second subprotocol entry of a WebSocket upgrade, which carries the access token. */
export const tokenSubprotocolPrefix = "token.";

/** SHA-256 of the canonical form of the up and down schemas; pinned by version.test.ts. */
export const protocolHash = "802d2445368ab42861446cd5a30c826c8fcf10a1bda51da234523bb948be4b67";
