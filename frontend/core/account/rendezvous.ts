/** One side of a rendezvous: leaves messages, waits for the other side's, and stops when told or when the time is over. */
import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";
import { type ErrorKind, SottoError } from "#schema/errors.ts";
import { limits } from "#schema/limits.ts";
import { delay, type Environment } from "../environment.ts";
import { LinkStopped } from "./link-failure.ts";

/** The routes of one side; `rendezvous` and `data` are base64url. */
export interface RendezvousCalls {
  readonly write: (rendezvous: string, slot: string, data: string) => Promise<unknown>;
  /** Waits a while for the message. */
  readonly read: (rendezvous: string, slot: string) => Promise<{ readonly data?: string | undefined }>;
  readonly end: (rendezvous: string) => Promise<unknown>;
}

const notOurs: ReadonlySet<ErrorKind> = new Set(["slot_taken", "forbidden", "link_over"]);
/** Between tries when the server is away. */
const retryMs = 1_000;
/** The server's two minutes began this much before ours, at most. */
const latencyMs = 5_000;

export class RendezvousSide {
  readonly #environment: Environment;
  readonly #calls: RendezvousCalls;
  readonly #id: string;
  #deadlineMs: number;
  #isStopped = false;

  constructor(environment: Environment, calls: RendezvousCalls, rendezvous: Uint8Array) {
    this.#environment = environment;
    this.#calls = calls;
    this.#id = encodeBase64url(rendezvous);
    this.#deadlineMs = environment.nowMs() + limits.linkMs;
  }

  get expiresAtMs(): number {
    return this.#deadlineMs;
  }

  /** The link was opened just now: its time begins. */
  begin(): void {
    this.#deadlineMs = this.#environment.nowMs() + limits.linkMs;
  }

  /** Throws `LinkStopped`, and `SottoError` for what trying again does not help. */
  async write(slot: string, message: Uint8Array): Promise<void> {
    await this.#persist(() => this.#calls.write(this.#id, slot, encodeBase64url(message)));
  }

  /** Waits for the message. Throws as `write`. */
  async read(slot: string): Promise<Uint8Array> {
    for (;;) {
      const { data } = await this.#persist(() => this.#calls.read(this.#id, slot));
      if (data !== undefined) return decodeBase64url(data);
    }
  }

  /** Throws `LinkStopped` once nobody wants this link any more. */
  assertGoing(): void {
    if (this.#isStopped) throw new LinkStopped("refused");
    if (this.#environment.nowMs() >= this.#deadlineMs) throw new LinkStopped("expired");
  }

  /** Nothing more is asked of the server but to forget the link. Never throws. */
  async end(): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    await this.#calls.end(this.#id).catch(() => undefined); // it runs out by itself
  }

  async #persist<Result>(work: () => Promise<Result>): Promise<Result> {
    for (;;) {
      try {
        const result = await work();
        this.assertGoing();
        return result;
      } catch (error) {
        if (!(error instanceof SottoError)) throw error;
        // This link is of two others, or over: not ours to end.
        if (notOurs.has(error.kind)) this.#isStopped = true;
        const isLate = this.#environment.nowMs() >= this.#deadlineMs - latencyMs;
        if (error.kind === "link_over" && isLate) throw new LinkStopped("expired");
        if (error.remedy !== "retry_after" || isLate) throw error;
        this.assertGoing();
        await delay(this.#environment, error.retryAfterMs ?? retryMs);
      }
    }
  }
}
