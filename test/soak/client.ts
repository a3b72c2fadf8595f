/** One device in one conversation, as the soak treats it: a raw or a real client. */
import type { Witness } from "./oracle.ts";

export interface SoakClient {
  readonly name: string;
  readonly conversationId: string;
  /** Writes one message, to be sent whenever that is possible. */
  write(): Promise<void>;
  /** The network breaks under it; it comes back by itself. */
  disconnect(): void;
  /** The process dies without a word and starts again from what it had stored. */
  kill(): Promise<void>;
  /** Everything it wrote is acknowledged, and it has everything up to `lastSeq`. */
  isSettled(lastSeq: number): Promise<boolean>;
  witness(): Promise<Witness>;
  close(): Promise<void>;
  /** Its account is in a group again. */
  comeBack?(): void;
}
