/** Memory and storage of the server over time, and how fast they grow. */
import { usedHeapBytes } from "../support/inspector.ts";
import type { TestServer } from "../support/server.ts";
import { storageBytes, storedConversations } from "./storage.ts";

export interface Sample {
  readonly atSeconds: number;
  /** The server dies now and then in the first half of a run, and lives through the second. */
  readonly phase: "stormy" | "steady";
  readonly messages: number;
  /** Resident memory of the runtime. */
  readonly memoryBytes: number;
  /** Used heap of the isolate that holds all objects. */
  readonly heapBytes: number;
  readonly storageBytes: number;
}

export async function sampleOf(
  server: TestServer,
  inspectorPort: number,
  place: Pick<Sample, "phase" | "atSeconds">,
): Promise<Sample> {
  return {
    ...place,
    heapBytes: await usedHeapBytes(inspectorPort),
    messages: storedConversations(server.state).reduce((sum, { lastSeq }) => sum + lastSeq, 0),
    memoryBytes: server.runtimeMemoryBytes(),
    storageBytes: storageBytes(server.state),
  };
}

export function inWords({
  atSeconds,
  phase,
  messages,
  memoryBytes,
  heapBytes,
  storageBytes: stored,
}: Sample): string {
  const megabytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(1);
  return (
    `${atSeconds.toFixed(0)} s ${phase}: ${messages} messages, ${megabytes(heapBytes)} MB heap, ` +
    `${megabytes(memoryBytes)} MB resident, ${megabytes(stored)} MB stored`
  );
}

/** Least-squares slope of `y` over `x`; undefined for fewer than three points. */
function slope(points: readonly (readonly [x: number, y: number])[]): number | undefined {
  if (points.length < 3) return undefined;
  const mean = (index: 0 | 1): number => points.reduce((sum, point) => sum + point[index], 0) / points.length;
  const [meanX, meanY] = [mean(0), mean(1)];
  const above = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0);
  const below = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  return below === 0 ? undefined : above / below;
}

export interface Growth {
  /** Of the runtime's resident memory, in the steady half after its first third. */
  readonly memoryBytesPerMinute: number | undefined;
  /** The same of the isolate's heap after a collection. */
  readonly heapBytesPerMinute: number | undefined;
  /** Stored bytes for each further message, in the first and in the second half of the samples. */
  readonly storageBytesPerMessage: readonly (number | undefined)[];
}

export function growthOf(samples: readonly Sample[]): Growth {
  const steady = samples.filter(({ phase }) => phase === "steady");
  const warm = steady.slice(Math.floor(steady.length / 3));
  const middle = Math.floor(samples.length / 2);
  return {
    memoryBytesPerMinute: slope(warm.map(({ atSeconds, memoryBytes }) => [atSeconds / 60, memoryBytes])),
    heapBytesPerMinute: slope(warm.map(({ atSeconds, heapBytes }) => [atSeconds / 60, heapBytes])),
    storageBytesPerMessage: [samples.slice(0, middle), samples.slice(middle)].map((half) =>
      slope(half.map(({ messages, storageBytes: stored }) => [messages, stored])),
    ),
  };
}
