import { expect, test } from "vitest";
import { limits } from "../limits.ts";
import { packFrames } from "./pack-frames.ts";

const unpack = (frame: string): unknown[] => {
  const parsed = JSON.parse(frame) as { type?: string; events?: unknown[] };
  return parsed.type === "batch" ? (parsed.events ?? []) : [parsed];
};

test("a single event travels bare, none make no frame", () => {
  expect([packFrames([]), packFrames(['{"type":"pong"}'])]).toEqual([[], ['{"type":"pong"}']]);
});

test("frames hold at most so many events, in order, none lost", () => {
  const events = Array.from({ length: limits.eventsPerFrame * 2 + 1 }, (_, n) => `{"type":"n","n":${n}}`);
  const frames = packFrames(events);
  expect(frames.map((frame) => unpack(frame).length)).toEqual([
    limits.eventsPerFrame,
    limits.eventsPerFrame,
    1,
  ]);
  expect(frames.flatMap(unpack)).toEqual(events.map((event) => JSON.parse(event) as unknown));
});

test("frames stay below so many characters unless one event alone is larger", () => {
  const event = (chars: number) => JSON.stringify({ type: "n", text: "x".repeat(chars) });
  const half = event(limits.packedChars / 2 + 1);
  const huge = event(limits.packedChars + 1);
  expect(packFrames([half, half, huge]).map((frame) => unpack(frame).length)).toEqual([1, 1, 1]);
});
