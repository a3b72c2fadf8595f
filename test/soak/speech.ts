/** What a raw client says: how its frames are made, and made anew when they were refused. */
import type { MessageRefused, MessageSend } from "#schema/protocol/message.ts";
import type { RawAccount, RawDevice } from "../support/raw-account.ts";
import { rawMessage } from "../support/raw-frames.ts";

export interface Speech {
  /** A later message waits until the one before has its place, so that made anew they stay in order. */
  readonly isOneByOne: boolean;
  /** A new message, or the same one once more. */
  frame(clientMessageId?: string): MessageSend;
  /** Returns whether the frame has to be made anew. */
  refused(refusal: MessageRefused): boolean;
  /** The message has its place. */
  acknowledged(clientMessageId: string): void;
  /** Whether with this entry the account comes in. */
  isArrival(body: string): boolean;
  /** When the account was in; undefined where nobody comes or goes. */
  stays(): readonly { readonly from: number; readonly to: number }[] | undefined;
}

/** Between two accounts whose devices stay. */
export function directSpeech(
  conversationId: string,
  members: readonly RawAccount[],
  own: { readonly account: string },
  { own: { cert } }: RawDevice,
): Speech {
  const others = members
    .flatMap(({ account, devices }) =>
      devices.map((device) => ({ account, device: device.own.cert.deviceId })),
    )
    .filter(({ account, device }) => account !== own.account || device !== cert.deviceId);
  const lists = members.map(({ account, list }) => ({ account, version: list.version }));
  return {
    isOneByOne: false,
    frame: () => rawMessage(conversationId, others, lists),
    refused: () => false,
    acknowledged: () => undefined,
    isArrival: () => false,
    stays: () => undefined,
  };
}
