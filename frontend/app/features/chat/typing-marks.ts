/** Tells the other side that one is writing: renewed before the mark dies, ended when one stops. */
import { limits } from "#schema/limits.ts";

const renewAfterMs = limits.typingMs / 2;
const idleAfterMs = limits.typingMs - 1_000;

export interface TypingMarks {
  typed(text: string): void;
  stop(): void;
}

interface Clock {
  now(): number;
  setTimeout(task: () => void, delayMs: number): number;
  clearTimeout(handle: number): void;
}

const systemClock: Clock = {
  now: () => Date.now(),
  setTimeout: (task, delayMs) => window.setTimeout(task, delayMs),
  clearTimeout: (handle) => window.clearTimeout(handle),
};

export function createTypingMarks(mark: (typing: boolean) => void, clock: Clock = systemClock): TypingMarks {
  let markedAtMs: number | undefined;
  let idleTimer: number | undefined;

  function stop(): void {
    if (idleTimer !== undefined) clock.clearTimeout(idleTimer);
    idleTimer = undefined;
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
      if (idleTimer !== undefined) clock.clearTimeout(idleTimer);
      idleTimer = clock.setTimeout(stop, idleAfterMs);
      if (markedAtMs !== undefined && clock.now() - markedAtMs < renewAfterMs) return;
      markedAtMs = clock.now();
      mark(true);
    },
  };
}
