import * as fc from "fast-check";
import { expect, test } from "vitest";
import * as v from "valibot";
import { tryMessageSend } from "#durable-objects/conversation/fast-parse.ts";
import { messageSendSchema } from "#schema/protocol/message.ts";
import { anna, ben, conversationId } from "../support/conversation-rig.ts";
import { rawMessage } from "../support/raw-frames.ts";

const addresses = [anna, ben].flatMap((account) => [1, 2].map((device) => ({ account, device })));
const lists = [anna, ben].map((account) => ({ account, version: 1 }));
const message = (): unknown => rawMessage(conversationId, addresses, lists);

test("[CV7] the quick way takes ordinary messages, exactly as the schema does", () => {
  for (const capsules of [0, 1, 4]) {
    const frame = rawMessage(conversationId, addresses.slice(0, capsules), lists);
    expect(tryMessageSend(frame)).toEqual(v.parse(messageSendSchema, frame));
  }
});

/** Every place of a value, with a way to put something else there. */
function placesOf(value: unknown, path: readonly string[] = []): (readonly string[])[] {
  if (typeof value !== "object" || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([key, inner]) => placesOf(inner, [...path, key]))];
}

function replaceAt(value: unknown, [key, ...rest]: readonly string[], other: unknown): unknown {
  if (key === undefined) return other;
  const copy = (Array.isArray(value) ? [...(value as unknown[])] : { ...(value as object) }) as Record<
    string,
    unknown
  >;
  copy[key] = replaceAt(copy[key], rest, other);
  return copy;
}

test("[CV7] the quick way takes nothing that the schema refuses, whatever stands in whatever place", () => {
  const places = placesOf(message());
  const texts = [
    "",
    "A",
    `${"A".repeat(21)}B`,
    `${"A".repeat(129)}B`,
    `${"A".repeat(130)}=`,
    "é".repeat(128),
  ];
  const lengths = [22, 129, 130, 200_000].map((length) => "A".repeat(length));
  const numbers = [0, -1, 1.5, 2 ** 32, 2 ** 32 - 1];
  const capsules = Array.from({ length: 32 }, () => ({}));
  const others = [
    null,
    undefined,
    true,
    [],
    {},
    capsules,
    [null],
    { account: anna, version: 1 },
    "message:read",
  ];
  const nearMisses = fc.constantFrom<unknown>(...texts, ...lengths, ...numbers, ...others);
  fc.assert(
    fc.property(
      fc.nat(places.length - 1),
      fc.oneof(nearMisses, fc.anything()),
      fc.boolean(),
      (at, other, extra) => {
        const changed = replaceAt(message(), places[at]!, other);
        const frame = extra ? { ...(changed as object), extra: 1 } : changed;
        const quick = tryMessageSend(frame);
        if (quick === undefined) return;
        expect(v.safeParse(messageSendSchema, frame)).toMatchObject({ success: true });
        expect(quick).toEqual(v.parse(messageSendSchema, frame));
      },
    ),
    { numRuns: 3_000, seed: 20261121 },
  );
});
