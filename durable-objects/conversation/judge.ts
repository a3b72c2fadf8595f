/** Decides about one message in the turn that would order it: accepted, repeated, or refused with the reason. */
import type { AccountId } from "#schema/ids.ts";
import type { DeviceSetDifference, MessageSend } from "#schema/protocol/message.ts";
import type { Identity } from "#schema/rpc/shared.ts";
import type { FrameErrorKind } from "../support/error-events.ts";
import { judgeDeviceSet } from "./device-set.ts";
import type { ConversationState } from "./state.ts";
import type { StoredMessage } from "./store.ts";

export type Verdict =
  | { readonly type: "accept" }
  | { readonly type: "repeat"; readonly message: StoredMessage }
  | {
      readonly type: "refuse";
      readonly kind: FrameErrorKind;
      readonly difference?: DeviceSetDifference;
      /** Whose device set has to be fetched before the next try. */
      readonly behind?: AccountId;
    };

/** `earlier`: what this device sent under the same id before. */
export function judge(
  frame: MessageSend,
  sender: Identity,
  state: ConversationState,
  earlier: StoredMessage | undefined,
): Verdict {
  if (earlier !== undefined) {
    if (earlier.body === frame.body) return { type: "repeat", message: earlier };
    return { type: "refuse", kind: "client_message_reused" };
  }
  const member = state.members.get(sender.account);
  if (member?.isActive(sender.device) !== true) return { type: "refuse", kind: "forbidden" };
  const verdict = judgeDeviceSet(frame, sender, state);
  if (verdict.type === "exact") return { type: "accept" };
  if (verdict.type === "behind") return { type: "refuse", kind: "unavailable", behind: verdict.account };
  return { type: "refuse", kind: "device_set_mismatch", difference: verdict.difference };
}
