/** The protocol's version, its history, and the hash that keeps the schemas from drifting unnoticed. */

/**
 * Sent as the WebSocket subprotocol and echoed by the server.
 *
 * - version 1: direct conversations, receipts, typing, inbox, to-device messages.
 */
export const protocolVersion = 1;
export const subprotocol = `sotto.v${protocolVersion}`;

/** Prefix of the second subprotocol entry of a WebSocket upgrade, which carries the access token. */
export const tokenSubprotocolPrefix = "token.";

/** SHA-256 of the canonical form of the up and down schemas; pinned by version.test.ts. */
export const protocolHash = "e48df7cf458583ccc6821e786b3fc6c6188f1e67cd7461b9e6731eb7df13b81e";
