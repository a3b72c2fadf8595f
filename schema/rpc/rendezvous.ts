/** What a rendezvous object (one per link) answers to the Worker. */
import type { AccountId } from "../ids.ts";
import type { RpcResult } from "./result.ts";

/** In the order in which they are written. */
export const linkSlots = ["request", "offer", "proof", "grant"] as const;
export type LinkSlot = (typeof linkSlots)[number];

export interface WriteInput {
  readonly slot: LinkSlot;
  /** base64url. */
  readonly data: string;
  /** Who writes, for a device that has an account. */
  readonly account?: AccountId;
}

export interface ReadInput {
  readonly slot: LinkSlot;
  readonly account?: AccountId;
  /** Stay up to `linkWaitMs` for a message that is not there yet. */
  readonly wait: boolean;
}

export interface RendezvousRpc {
  /** Refusals: `not_found` (out of order), `slot_taken`, `link_over`, `forbidden` (another account), `rate_limited`. */
  write(input: WriteInput): Promise<RpcResult<{ readonly expiresAtMs: number }>>;
  /** Refusals: `link_over`, `forbidden`, `rate_limited`. */
  read(input: ReadInput): Promise<RpcResult<{ readonly data?: string }>>;
  end(): Promise<RpcResult<null>>;
}
