/** Decides about one message in the turn that would order it: accepted, repeated, or refused with the reason. */
import type { AccountId } from "#schema/ids.ts";
import type { DeviceSetDifference } from "#schema/protocol/message.ts";
import type { FrameErrorKind } from "../support/error-events.ts";
import { judgeDeviceSet } from "./device-set.ts";
import { judgeGroupEntry } from "./group-judge.ts";
import type { SenderKeys } from "./sender-keys.ts";
import type { ConversationState } from "./state.ts";
import type { QueuedSend } from "./flush.ts";
import type { ConversationStore, StoredMessage } from "./store.ts";

export type Verdict =
  | {
      readonly type: "accept";
      /** 1: someone reads it. */
      readonly content: 0 | 1;
      /** Devices it is accepted for. */
      readonly devices: number;
    }
  | { readonly type: "repeat"; readonly message: StoredMessage }
  | {
      readonly type: "refuse";
      readonly kind: FrameErrorKind;
      readonly difference?: DeviceSetDifference;
      /** Whose device set has to be fetched before the next try. */
      readonly behind?: AccountId;
      /** The group's newest epoch. */
      readonly epoch?: number;
    };

export interface JudgeContext {
  readonly state: ConversationState;
  readonly store: ConversationStore;
  readonly keys: SenderKeys;
}

/**
 * `earlier`: what this device sent under the same id before. `isHeld`: nothing of its socket is taken now; it is refused for that
 * unless there is another reason, and changes nothing.
 */
export function judge(
  { socket, frame, entry }: QueuedSend,
  { state, keys }: JudgeContext,
  earlier: StoredMessage | undefined,
  isHeld: boolean,
): Verdict {
  const sender = socket.identity;
  if (earlier !== undefined) {
    if (earlier.body === frame.body) return { type: "repeat", message: earlier };
    return { type: "refuse", kind: "client_message_reused" };
  }
  const member = state.members.get(sender.account);
  if (member?.isActive(sender.device) !== true) return { type: "refuse", kind: "forbidden" };
  if (entry !== undefined) return judgeGroupEntry(frame, entry, sender, state, keys, isHeld);
  const verdict = judgeDeviceSet(frame, sender, state);
  if (verdict.type === "exact") {
    if (isHeld) return { type: "refuse", kind: "unavailable" };
    return { type: "accept", content: 1, devices: frame.capsules.length };
  }
  if (verdict.type === "behind") return { type: "refuse", kind: "unavailable", behind: verdict.account };
  return { type: "refuse", kind: "device_set_mismatch", difference: verdict.difference };
}
