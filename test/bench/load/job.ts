/** What the load generator is asked for, and what it answers. */
import type { Endpoint } from "./channel.ts";

export interface Talk {
  readonly sender: Endpoint;
  readonly listeners: readonly Endpoint[];
}

export interface LoadJob {
  /** Each with a sender and those who listen. */
  readonly conversations: readonly Talk[];
  /** Unacknowledged messages that each sender keeps under way. */
  readonly inFlight: number;
  /** For a time, after a warm-up; or a fixed number of messages for each sender, all of them measured. */
  readonly until: { readonly warmUpMs: number; readonly measureMs: number } | { readonly messages: number };
}

export interface LoadFigures {
  readonly messagesPerSecond: number;
  /** Milliseconds from send to acknowledgement. */
  readonly ackP50Ms: number;
  readonly ackP99Ms: number;
  readonly acknowledged: number;
  /** Deliveries that follow from `acknowledged`: one to each listener of the conversation. */
  readonly expected: number;
  /** Messages that reached the listeners. */
  readonly delivered: number;
  /** Share of one processor that the generator itself used while measuring. */
  readonly generatorBusy: number;
}
