/** The output gate of the platform: nothing leaves an object before what was written first is on disk. */
export class OutputGate {
  readonly #isDirty: () => boolean;
  #held: (() => void)[] = [];

  constructor(isDirty: () => boolean) {
    this.#isDirty = isDirty;
  }

  pass(output: () => void): void {
    if (this.#isDirty() || this.#held.length > 0) this.#held.push(output);
    else output();
  }

  /** The disk was flushed. */
  open(): void {
    for (const output of this.#held.splice(0)) output();
  }

  /** The process is gone, and with it what it wanted to say. */
  drop(): void {
    this.#held = [];
  }
}
