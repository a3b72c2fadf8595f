import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { downEventSchema } from "./down.ts";
import { conversationUpSchema, inboxUpSchema } from "./up.ts";
import { protocolHash, protocolVersion, subprotocol } from "./version.ts";

/** The validation-relevant structure of a valibot schema as plain data, with sorted keys. */
function describeSchema(value: unknown): unknown {
  if (value instanceof RegExp) return String(value);
  if (typeof value === "function") return undefined;
  if (Array.isArray(value)) return value.map(describeSchema);
  if (typeof value !== "object" || value === null) return value;
  const kept = Object.entries(value).filter(
    ([key]) => !["message", "expects", "reference", "async"].includes(key),
  );
  return Object.fromEntries(
    kept.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, inner]) => [key, describeSchema(inner)]),
  );
}

test("[PR1] the schemas are those of the pinned protocol version", () => {
  const schemas = { conversationUpSchema, inboxUpSchema, downEventSchema };
  const hash = createHash("sha256")
    .update(JSON.stringify(describeSchema(schemas)))
    .digest("hex");
  // When this fails the wire has changed: if old clients or servers would not understand the new schemas, raise
  // protocolVersion and write its line of history; then pin the new hash.
  expect(hash).toBe(protocolHash);
});

test("[PR2] the subprotocol names the version", () => {
  expect(subprotocol).toBe(`sotto.v${protocolVersion}`);
});
