/** What a simulated device takes from the world around it. */
import type { AccountId, ConversationId, SessionId } from "#schema/ids.ts";
import type { DeviceSet } from "#schema/rpc/shared.ts";
import type { SimDevice } from "./device.ts";
import type { Down, Link } from "./link.ts";
import type { Operations } from "./operations.ts";
import type { Sim } from "./sim.ts";

export interface Channel {
  /** Undefined: the inbox. */
  readonly conversationId: ConversationId | undefined;
  readonly link: Link;
  isLive: boolean;
}

export interface DeviceContext {
  readonly sim: Sim;
  readonly operations: Operations;
  nextId(): number;
  connect(device: SimDevice, conversationId: ConversationId | undefined, onDown: (down: Down) => void): Link;
  /** The device set of an account over HTTP; undefined when the network failed. */
  deviceSet(account: AccountId): Promise<DeviceSet | undefined>;
  openSession(device: SimDevice, session: SessionId): Promise<"opened" | "refused" | "failed">;
}
