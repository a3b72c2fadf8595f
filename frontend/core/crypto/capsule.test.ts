import { expect, test } from "vitest";
import { type Capsule, encodeCapsule, parseCapsule } from "./capsule.ts";
import { encodeCbor } from "./cbor.ts";

const fill = (length: number, value: number): Uint8Array => new Uint8Array(length).fill(value);
const code = (name: string): unknown => expect.objectContaining({ name: "CryptoError", code: name });

const gossip = {
  mine: { version: 3, hash8: fill(8, 1) },
  yours: { version: 4, hash8: fill(8, 2) },
  log: { size: 5, root8: fill(8, 3) },
};
const bodyKey = {
  conversationId: fill(16, 1),
  clientMsgId: fill(16, 2),
  bodyKey: fill(32, 3),
  bodyHash: fill(32, 4),
  sentAtMs: 1_800_000_000_000,
  expireAfterSeconds: 60,
};
const request = {
  reason: "KEM_UNKNOWN" as const,
  conversationId: fill(16, 1),
  clientMsgId: fill(16, 2),
  envelopeHash: fill(32, 3),
};
const senderKey = {
  senderKeyId: fill(8, 1),
  groupId: fill(16, 2),
  epoch: 9,
  stateHash: fill(32, 3),
  number: 4,
  chainKey: fill(32, 5),
  signingKey: fill(32, 6),
  settings: { epoch: 7, key: fill(32, 8) },
};
const value = new Map([["read", 7]]);

const payloads: Capsule["payload"][] = [
  { kind: "bodyKey", ...bodyKey },
  { kind: "inline", value },
  { kind: "senderKey", senderKey },
  { kind: "retry", request },
  { kind: "null" },
  { kind: "sync", sync: { type: "sent", ...bodyKey } },
  { kind: "sync", sync: { type: "inline", value } },
  { kind: "history", history: { key: fill(32, 7), hash: fill(32, 8) } },
];

test.each(payloads)("capsule of kind $kind: 256 bytes, and back", (payload) => {
  const bytes = encodeCapsule({ gossip, payload });
  expect(bytes.length).toBe(256);
  expect(parseCapsule(bytes)).toEqual({ gossip, payload });
});

test.each(payloads)("[ATTACK 14] BAD_PADDING: kind $kind with a non-zero tail", (payload) => {
  const bytes = encodeCapsule({ gossip, payload });
  expect(() => parseCapsule(bytes.fill(1, 255))).toThrow(code("BAD_PADDING"));
});

test("unknown kinds are UNSUPPORTED_VERSION", () => {
  const bytes = encodeCapsule({ gossip, payload: { kind: "null" } });
  for (let kind = 0; kind < 256; kind += 1) {
    if ([1, 2, 3, 4, 5, 6, 7].includes(kind)) continue;
    expect(() => parseCapsule(Uint8Array.from(bytes).fill(kind, 0, 1))).toThrow(code("UNSUPPORTED_VERSION"));
  }
});

test("MALFORMED: wrong length, inline above 200, unknown sync type or retry reason", () => {
  const inline = encodeCapsule({ gossip, payload: { kind: "inline", value } });
  expect(() => parseCapsule(inline.subarray(1))).toThrow(code("MALFORMED"));
  expect(() => parseCapsule(Uint8Array.from(inline).fill(201, 41, 42))).toThrow(code("MALFORMED"));
  expect(() => parseCapsule(Uint8Array.from(inline).fill(0, 41, 42))).toThrow(code("MALFORMED"));
  const sync = encodeCapsule({ gossip, payload: { kind: "sync", sync: { type: "inline", value } } });
  expect(() => parseCapsule(sync.fill(9, 41, 42))).toThrow(code("MALFORMED"));
  const retry = encodeCapsule({ gossip, payload: { kind: "retry", request } });
  expect(() => parseCapsule(retry.fill(0, 41, 42))).toThrow(code("MALFORMED"));
});

test("an inline value may have 200 bytes of CBOR and no more", () => {
  const fits = fill(198, 1);
  expect(encodeCbor(fits).length).toBe(200);
  expect(parseCapsule(encodeCapsule({ gossip, payload: { kind: "inline", value: fits } })).payload).toEqual({
    kind: "inline",
    value: fits,
  });
  expect(() => encodeCapsule({ gossip, payload: { kind: "inline", value: fill(199, 1) } })).toThrow(
    RangeError,
  );
});
