/** Tells subscribers what changed; equal events of one moment are told once. */
import type { ClientEvent, Subscribe } from "../client-api.ts";
import type { Environment } from "../environment.ts";

/** Events wait this long for others, so that a burst of messages is one re-read of a view. */
const windowMs = 16;

export class EventHub {
  readonly #environment: Environment;
  readonly #listeners = new Set<(event: ClientEvent) => void>();
  readonly #waiting = new Map<string, ClientEvent>();

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  readonly subscribe: Subscribe = (listener) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** The newest event of a kind (and conversation, and file) replaces one that still waits. */
  emit(event: ClientEvent): void {
    if (this.#waiting.size === 0) this.#environment.setTimer(windowMs, () => this.#flush());
    const about = "conversationId" in event ? event.conversationId : "";
    const file = event.type === "transfer" ? `/${event.clientMessageId}/${event.index}` : "";
    this.#waiting.set(`${event.type}/${about}${file}`, event);
  }

  #flush(): void {
    const events = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const event of events) for (const listener of this.#listeners) listener(event);
  }
}
