/** Rules of the message field. Pure. */
import { limits } from "#schema/limits.ts";

const sayWhenLeftBytes = 2_000;

export interface LengthView {
  readonly sendable: boolean;
  /** Bytes left, told only near the limit; negative beyond it. */
  readonly left: number | undefined;
}

const encoder = new TextEncoder();

export function lengthView(text: string): LengthView {
  const sendable = text.trim() !== "";
  // A UTF-16 unit is at most three bytes: far from the limit nothing needs encoding.
  if (text.length * 3 < limits.textBytes - sayWhenLeftBytes) return { sendable, left: undefined };
  const left = limits.textBytes - encoder.encode(text).length;
  return { sendable: sendable && left >= 0, left: left <= sayWhenLeftBytes ? left : undefined };
}

export interface EnterPress {
  readonly shiftKey: boolean;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  /** An input method is choosing characters: Enter belongs to it. */
  readonly isComposing: boolean;
}

export function enterSendsMessage(
  press: EnterPress,
  how: { readonly enterSends: boolean; readonly touch: boolean },
): boolean {
  if (press.isComposing) return false;
  if (press.ctrlKey || press.metaKey) return true;
  return !press.shiftKey && how.enterSends && !how.touch;
}
