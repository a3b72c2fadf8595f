/** Serialised events, packed into as few frames as the limits allow; both ways. */
import { limits } from "../limits.ts";

const batchHead = '{"type":"batch","events":[';
const batchTail = "]}";

/** Frames carrying `events` in order. A single event travels bare. */
export function packFrames(events: readonly string[]): string[] {
  const frames: string[] = [];
  let start = 0;
  let chars = 0;
  for (let index = 0; index < events.length; index += 1) {
    const length = events[index]!.length;
    const isFull = index - start >= limits.eventsPerFrame || chars + length > limits.packedChars;
    if (index > start && isFull) {
      frames.push(frameOf(events.slice(start, index)));
      start = index;
      chars = 0;
    }
    chars += length;
  }
  if (start < events.length) frames.push(frameOf(start === 0 ? events : events.slice(start)));
  return frames;
}

function frameOf(events: readonly string[]): string {
  return events.length === 1 ? events[0]! : batchHead + events.join(",") + batchTail;
}
