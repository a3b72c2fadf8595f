/** To-device messages on their way out: sent again on every connect until the server has them. */
import type { AccountId } from "#schema/ids.ts";
import type { DeviceContext } from "./device-context.ts";
import { idOf } from "./sealed.ts";
import type { StrictShelf } from "./shelf.ts";

export class Letters {
  readonly #context: DeviceContext;
  readonly #shelf: StrictShelf;
  readonly #send: (frame: object) => void;

  constructor(context: DeviceContext, shelf: StrictShelf, send: (frame: object) => void) {
    this.#context = context;
    this.#shelf = shelf;
    this.#send = send;
  }

  write(account: AccountId, device: number): void {
    this.#shelf.lettersToSend.push({ id: idOf("d", this.#context.nextId()), account, device });
    this.sendAll();
  }

  sendAll(): void {
    for (const { id, account, device } of this.#shelf.lettersToSend) {
      this.#send({ type: "device:send", id, account, device, data: `${id}${"A".repeat(42)}` });
    }
  }

  sent(id: string): void {
    const letter = this.#drop(id);
    if (letter !== undefined) this.#context.sim.oracle.letterSent(letter);
  }

  refused(id: string, code: string, again: () => void): void {
    if (code === "forbidden" || code === "not_found") this.#drop(id);
    else again();
  }

  #drop(id: string) {
    const at = this.#shelf.lettersToSend.findIndex((letter) => letter.id === id);
    return at < 0 ? undefined : this.#shelf.lettersToSend.splice(at, 1)[0];
  }
}
