/** Keeps a number of messages in flight on every conversation of a job, and times their acknowledgements. */
import type { Channel, Endpoint } from "./channel.ts";
import type { LoadFigures, LoadJob } from "./job.ts";
import { openChannel } from "./open.ts";

/** Slots for the send times of messages under way; far more than are ever in flight. */
const slots = 1 << 13;
const openedAtOnce = 50;
/** Without an acknowledgement for so long, what is under way was lost, and a benchmark says so instead of waiting. */
const stalledMs = 30_000;

class Meter {
  readonly latenciesMs: number[] = [];
  acknowledged = 0;
  expected = 0;
  delivered = 0;
  isCounting = false;
  isSending = true;
}

class Lane {
  readonly #channel: Channel;
  readonly #listeners: number;
  readonly #meter: Meter;
  readonly #sentAtMs = new Float64Array(slots);
  readonly #limit: number;
  readonly #onIdle: () => void;
  #sent = 0;
  #acknowledged = 0;

  constructor(channel: Channel, listeners: number, meter: Meter, limit: number, onIdle: () => void) {
    this.#channel = channel;
    this.#listeners = listeners;
    this.#meter = meter;
    this.#limit = limit;
    this.#onIdle = onIdle;
    channel.onAck = (index) => this.#ack(index);
  }

  get isIdle(): boolean {
    return this.#acknowledged === this.#sent;
  }

  send(): void {
    if (this.#sent === this.#limit) return;
    const index = this.#sent++;
    this.#sentAtMs[index % slots] = performance.now();
    this.#channel.send(index);
  }

  #ack(index: number): void {
    const meter = this.#meter;
    this.#acknowledged += 1;
    meter.acknowledged += 1;
    meter.expected += this.#listeners;
    if (meter.isCounting) meter.latenciesMs.push(performance.now() - (this.#sentAtMs[index % slots] ?? 0));
    if (meter.isSending) this.send();
    if (this.isIdle) this.#onIdle();
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** A few at a time: a server that has a thousand upgrades at once is slow for all of them. */
async function openAll(endpoints: readonly Endpoint[]): Promise<Channel[]> {
  const opened: Channel[] = [];
  for (let start = 0; start < endpoints.length; start += openedAtOnce) {
    opened.push(...(await Promise.all(endpoints.slice(start, start + openedAtOnce).map(openChannel))));
  }
  return opened;
}

async function stalled(meter: Meter): Promise<never> {
  for (;;) {
    const before = meter.acknowledged;
    await pause(stalledMs);
    if (meter.acknowledged === before) throw new Error(`no acknowledgement for ${stalledMs / 1_000} s`);
  }
}

export async function runJob(job: LoadJob): Promise<LoadFigures> {
  const meter = new Meter();
  const channels: Channel[] = [];
  let onIdle: () => void = () => {};
  const limit = "messages" in job.until ? job.until.messages : Number.MAX_SAFE_INTEGER;
  const lanes: Lane[] = [];
  for (const { sender, listeners } of job.conversations) {
    const [from, ...to] = await openAll([sender, ...listeners]);
    if (from === undefined) throw new Error("no sender");
    channels.push(from, ...to);
    for (const listener of to) listener.onDelivered = (count) => (meter.delivered += count);
    const isOver = (): void => void (lanes.every((lane) => lane.isIdle) && onIdle());
    lanes.push(new Lane(from, to.length, meter, limit, isOver));
  }
  const failed = new Promise<never>((_, reject) => {
    for (const channel of channels) channel.onFailure = reject;
  });
  const idle = new Promise<void>((resolve) => (onIdle = resolve));
  const isTimed = "measureMs" in job.until;
  meter.isCounting = !isTimed;
  let startedAt = performance.now();
  let cpu = process.cpuUsage();
  for (const lane of lanes) for (let i = 0; i < job.inFlight; i += 1) lane.send();
  let before = 0;
  if ("measureMs" in job.until) {
    await Promise.race([pause(job.until.warmUpMs), failed]);
    before = meter.acknowledged;
    meter.isCounting = true;
    startedAt = performance.now();
    cpu = process.cpuUsage();
    await Promise.race([pause(job.until.measureMs), failed]);
  } else {
    await Promise.race([idle, failed, stalled(meter)]);
  }
  const elapsedMs = performance.now() - startedAt;
  const used = process.cpuUsage(cpu);
  const measured = meter.acknowledged - before;
  meter.isCounting = false;
  meter.isSending = false;
  if (isTimed && !lanes.every((lane) => lane.isIdle)) await Promise.race([idle, failed, stalled(meter)]);
  for (let i = 0; i < 500 && meter.delivered < meter.expected; i += 1) await pause(20);
  for (const channel of channels) channel.close();
  const sorted = Float64Array.from(meter.latenciesMs).sort();
  return {
    messagesPerSecond: (measured * 1000) / elapsedMs,
    ackP50Ms: sorted[Math.floor(sorted.length * 0.5)] ?? Number.NaN,
    ackP99Ms: sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN,
    acknowledged: meter.acknowledged,
    expected: meter.expected,
    delivered: meter.delivered,
    generatorBusy: (used.user + used.system) / 1000 / elapsedMs,
  };
}
