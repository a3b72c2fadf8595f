/** Serialised events, packed into as few frames as the limits allow; both ways. */
import { limits } from "../limits.ts";
import { splitBySize } from "../split.ts";

const batchHead = '{"type":"batch","events":[';
const batchTail = "]}";

/** Frames carrying `events` in order. A single event travels bare. */
export function packFrames(events: readonly string[]): string[] {
  const { eventsPerFrame, packedChars } = limits;
  return splitBySize(events, ({ length }) => length, eventsPerFrame, packedChars).map(frameOf);
}

function frameOf(events: readonly string[]): string {
  return events.length === 1 ? events[0]! : batchHead + events.join(",") + batchTail;
}
