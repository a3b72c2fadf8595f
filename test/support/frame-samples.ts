/**
 * Every way to spoil the keys of a text frame, and the types of frame that there are: they come from the schema, so a new
 * one without a sample fails the suite.
 */
import { conversationUpSchema, inboxUpSchema } from "#schema/protocol/up.ts";

export type Frame = Readonly<Record<string, unknown>> & { readonly type: string };

export interface Spoilt {
  readonly name: string;
  readonly frame: unknown;
}

/** Every `type` of a channel's union. */
export function frameTypes(channel: "conversation" | "inbox"): string[] {
  const { options } = channel === "conversation" ? conversationUpSchema : inboxUpSchema;
  return options.flatMap(({ entries: { type } }) => ("literal" in type ? [type.literal] : [...type.options]));
}

const notAnId = [
  "",
  "AAAA",
  "A".repeat(21),
  "A".repeat(23),
  `${"A".repeat(21)}B`, // stray bits in the last character
  `${"A".repeat(21)}=`,
  `${"A".repeat(21)}+`,
  `\u0000${"A".repeat(21)}`,
];
const notANumber = [-1, 0.5, 2 ** 53, 1e300, null, "1", true, [1]];
const notData = ["", "AAA", "=".repeat(200), `${"A".repeat(201)}B`, `${"A".repeat(199)}é`, null, 7, ["A"]];
const notAList = [null, {}, "x", 3, [null], [[]], [{}], [7]];

/** Values that a key of this kind must not take. */
function wrongValues(key: string): readonly unknown[] {
  if (["conversationId", "clientMessageId", "id", "account"].includes(key)) return [...notAnId, 5, null, {}];
  if (["seq", "after", "position", "device", "version"].includes(key)) return notANumber;
  if (key === "data") return notData;
  if (key === "profile")
    return [null, {}, "x", [], { id: "AAAA", epoch: 1 }, { id: "A".repeat(22), epoch: 0 }];
  if (key === "accounts")
    return [...notAList, [], ["AAAA"], Array.from({ length: 1_000 }, () => "A".repeat(22))];
  if (key === "type") return ["", "message", "message:new", "Message:Send", "__proto__", null, 1, {}, []];
  throw new Error(`no wrong values for the key ${key}`);
}

/** The frame with one thing wrong with its form at a time: a key missing, extra, of a wrong type or an absurd value. */
export function spoiltFrames(frame: Frame): Spoilt[] {
  return spoiltObjects(frame).map(({ name, frame: spoilt }) => ({
    name: `${frame.type}: ${name}`,
    frame: spoilt,
  }));
}

const optionalKeys: ReadonlySet<string> = new Set(["profile"]);

function spoiltObjects(object: Readonly<Record<string, unknown>>): Spoilt[] {
  const spoilt: Spoilt[] = [{ name: "an extra key", frame: { ...object, surprise: 1 } }];
  for (const [key, value] of Object.entries(object)) {
    const { [key]: _, ...without } = object;
    if (!optionalKeys.has(key)) spoilt.push({ name: `without ${key}`, frame: without });
    for (const wrong of wrongValues(key)) {
      spoilt.push({
        name: `${key} = ${JSON.stringify(wrong).slice(0, 40)}`,
        frame: { ...object, [key]: wrong },
      });
    }
    const [first] = Array.isArray(value) ? (value as unknown[]) : [];
    if (typeof first !== "object" || first === null) continue;
    for (const inner of spoiltObjects(first as Record<string, unknown>)) {
      const list = [inner.frame, ...(value as unknown[]).slice(1)];
      spoilt.push({ name: `${key}[0]: ${inner.name}`, frame: { ...object, [key]: list } });
    }
  }
  return spoilt;
}

/** Text frames that are no event at all. */
export const notEvents: readonly string[] = [
  "",
  " ",
  "{",
  "nonsense",
  "[]",
  '[{"type":"inbox:resume"}]',
  "null",
  "7",
  '"inbox:resume"',
  "{}",
  '{"type":"batch","events":[]}',
  '{"type":"batch","events":7}',
  '{"type":"batch","events":[{"type":"batch","events":[]}]}',
  '{"type":"ping" }',
  '{"__proto__":{"type":"inbox:resume"}}',
  "[".repeat(10_000),
];
