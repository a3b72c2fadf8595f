/**
 * Packs prepared messages into frames as the product's client does (schema/protocol/send-frame.ts), in buffers that are
 * used again once they were handed to the kernel: fresh pages for every frame would cost the generator more than sending.
 */
import { limits } from "#schema/limits.ts";

export class FramePacker {
  readonly #head: Buffer;
  readonly #send: (frame: Buffer, onSent: () => void) => void;
  readonly #free: Buffer[] = [];
  #buffer: Buffer | undefined;
  #used = 0;
  #messages = 0;

  /** `head` is what a frame begins with; its number of messages is written anew. */
  constructor(head: Buffer, send: (frame: Buffer, onSent: () => void) => void) {
    this.#head = head;
    this.#send = send;
  }

  /** Copies `message` into the frame that is being filled. */
  add(message: Buffer): void {
    const bytes = this.#used - this.#head.length;
    const isFull = this.#messages >= limits.eventsPerFrame || bytes + message.length > limits.packedChars;
    if (this.#messages > 0 && isFull) this.flush();
    const buffer = (this.#buffer ??= this.#free.pop() ?? Buffer.allocUnsafeSlow(limits.frameBytes));
    if (this.#messages === 0) this.#used = this.#head.copy(buffer);
    this.#used += message.copy(buffer, this.#used);
    this.#messages += 1;
  }

  flush(): void {
    const buffer = this.#buffer;
    if (buffer === undefined) return;
    buffer.writeUInt16BE(this.#messages, 1);
    this.#buffer = undefined;
    this.#messages = 0;
    this.#send(buffer.subarray(0, this.#used), () => void this.#free.push(buffer));
  }
}
