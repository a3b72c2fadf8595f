/** Locks when nobody is there any more: no input in any tab for a while, or no tab on the screen. */
import type { Environment } from "../environment.ts";

/** Going from one tab to another hides the first before it shows the second. */
const hiddenGraceMs = 1_500;
/** With `autoLockMs` 0: a tab that died on the screen never says that it left it. */
const unattendedMs = 5 * 60_000;

export class AutoLock {
  readonly #environment: Pick<Environment, "nowMs" | "setTimer">;
  readonly #lockNow: () => void;
  readonly #visible = new Set<string>();
  #autoLockMs: number | undefined;
  #lastAtMs = 0;
  #cancel: () => void = () => undefined;

  constructor(environment: Pick<Environment, "nowMs" | "setTimer">, lockNow: () => void) {
    this.#environment = environment;
    this.#lockNow = lockNow;
  }

  /** Begins to watch; undefined ends it. */
  watch(autoLockMs: number | undefined): void {
    this.#autoLockMs = autoLockMs;
    this.#lastAtMs = this.#environment.nowMs();
    this.#arm();
  }

  attend(tab: string, isVisible: boolean): void {
    if (isVisible) this.#visible.add(tab);
    else this.#visible.delete(tab);
    if (this.#isOverdue()) return this.#lockNow(); // a computer that slept
    if (isVisible) this.#lastAtMs = this.#environment.nowMs();
    this.#arm();
  }

  #arm(): void {
    this.#cancel();
    this.#cancel = () => undefined;
    const leftMs = this.#leftMs();
    if (leftMs === undefined) return;
    this.#cancel = this.#environment.setTimer(leftMs, () => {
      if (this.#autoLockMs === 0 && this.#visible.size === 0) this.#lockNow();
      else if (this.#isOverdue()) this.#lockNow();
      else this.#arm();
    });
  }

  #isOverdue(): boolean {
    const limitMs = this.#autoLockMs === 0 ? unattendedMs : this.#autoLockMs;
    return limitMs !== undefined && this.#environment.nowMs() - this.#lastAtMs >= limitMs;
  }

  #leftMs(): number | undefined {
    if (this.#autoLockMs === undefined) return undefined;
    if (this.#autoLockMs === 0 && this.#visible.size === 0) return hiddenGraceMs;
    const limitMs = this.#autoLockMs === 0 ? unattendedMs : this.#autoLockMs;
    return Math.max(this.#lastAtMs + limitMs - this.#environment.nowMs(), 0);
  }
}
