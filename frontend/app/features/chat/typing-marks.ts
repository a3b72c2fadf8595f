/** Tells the other side that one is writing: renewed before the mark dies, ended when one stops. */
import { limits } from "#schema/limits.ts";

const renewAfterMs = limits.typingMs / 2;
const idleAfterMs = limits.typingMs - 1_000;

export interface TypingMarks {
  typed(text: string): void;
  stop(): void;
}

export function createTypingMarks(mark: (typing: boolean) => void): TypingMarks {
  let markedAtMs: number | undefined;
  let idleTimer: ReturnType<typeof setTimeout> | undefined;

  function stop(): void {
    clearTimeout(idleTimer);
    if (markedAtMs === undefined) return;
    markedAtMs = undefined;
    mark(false);
  }

  return {
    stop,
    typed(text) {
      if (text.trim() === "") {
        stop();
        return;
      }
      clearTimeout(idleTimer);
      idleTimer = setTimeout(stop, idleAfterMs);
      if (markedAtMs !== undefined && Date.now() - markedAtMs < renewAfterMs) return;
      markedAtMs = Date.now();
      mark(true);
    },
  };
}
