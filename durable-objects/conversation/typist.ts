/** Of a group one typist is shown, whoever was first, until the mark dies or is taken back. */
import type { AccountId } from "#schema/ids.ts";
import { limits } from "#schema/limits.ts";
import type { TypingUp } from "#schema/protocol/typing.ts";

export class Typist {
  #shown: { readonly account: AccountId; readonly untilMs: number } | undefined;

  /** Whether the others are told; what they are told is the mark from then on. */
  maySay(type: TypingUp["type"], account: AccountId, nowMs: number): boolean {
    const shown = this.#shown;
    if (shown !== undefined && shown.untilMs > nowMs && shown.account !== account) return false;
    if (type === "typing:stop" && shown?.account !== account) return false;
    this.#shown = type === "typing:start" ? { account, untilMs: nowMs + limits.typingMs } : undefined;
    return true;
  }
}
