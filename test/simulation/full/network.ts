/** The network of one process of a device: requests and sockets that are late, lost, and cut when the process ends. */
import type { Environment, Socket, SocketEvents } from "#core/environment.ts";
import { closeCodes, type CloseReason, SottoError } from "#schema/errors.ts";
import type { ConversationId } from "#schema/ids.ts";
import { tokenSubprotocolPrefix } from "#schema/protocol/version.ts";
import { type Down, Link } from "../link.ts";
import { readUp } from "#test/support/up-frames.ts";
import { travelMs } from "../sim.ts";
import type { World } from "../world.ts";
import type { Web } from "./web.ts";

const lostCode = 1006;
const reasons: Partial<Record<string, CloseReason>> = {
  token_expired: "token_expired",
  session_revoked: "session_revoked",
};

export class DeviceNetwork {
  readonly #world: World;
  readonly #web: Web;
  readonly #name: string;
  readonly #links = new Set<Link>();
  readonly #onText: (text: string) => void;
  isOnline = true;

  /** `onText` hears every frame that reaches the device. */
  constructor(world: World, web: Web, name: string, onText: (text: string) => void) {
    this.#onText = onText;
    this.#world = world;
    this.#web = web;
    this.#name = name;
  }

  get links(): Link[] {
    return [...this.#links];
  }

  /** Nothing goes through any more, until `plugIn`; the process finds out in its own time. */
  unplug(): void {
    this.isOnline = false;
    for (const link of this.#links) link.cut("network");
  }

  plugIn(): void {
    this.isOnline = true;
  }

  /** The process ended: sockets close, nothing is answered any more. */
  stop(): void {
    this.isOnline = false;
    for (const link of this.#links) link.close();
    this.#links.clear();
  }

  readonly fetch: Environment["fetch"] = (url, init) =>
    new Promise((resolve, reject) => {
      const { faults } = this.#world.sim;
      const fail = (): void => reject(new TypeError("the network is lost"));
      init.signal?.addEventListener("abort", fail);
      const isLost = !this.isOnline || faults.roll("rpc_lost");
      const ask = async (): Promise<void> => {
        const answer = await this.#answer(new URL(url), init);
        if (!this.isOnline || faults.roll("rpc_answer_lost")) this.#later("answer lost", fail);
        else this.#later("answer", () => resolve(answer));
      };
      this.#later("request", isLost ? fail : () => void ask());
    });

  readonly openSocket = (url: string, protocols: readonly string[], events: SocketEvents): Socket => {
    const token = protocols[1]?.slice(tokenSubprotocolPrefix.length);
    const conversation = new URL(url).pathname.split("/")[3] as ConversationId | undefined;
    let link: Link | undefined;
    let state: "opening" | "open" | "closed" = "opening";
    const closed = (code: number): void => {
      if (link !== undefined) this.#links.delete(link);
      if (state === "closed") return;
      state = "closed";
      events.closed(code, "");
    };
    const down = (event: Down): void => {
      if (event.type === "closed")
        return closed(event.reason === "lost" ? lostCode : closeCodes[event.reason]);
      if (state === "closed") return;
      if (event.type === "text") {
        this.#onText(event.text);
        return events.text(event.text);
      }
      state = "open";
      events.opened();
    };
    const upgrade = async (): Promise<void> => {
      if (!this.isOnline) return closed(lostCode);
      try {
        const identity = await this.#web.authenticate(token);
        const host =
          conversation === undefined
            ? this.#world.accountOf(identity.account).inbox
            : this.#world.conversations.get(conversation);
        if (host === undefined) return closed(closeCodes.not_found);
        if (state === "closed" || !this.isOnline) return closed(lostCode);
        link = new Link(this.#world.sim, host, identity, down);
        this.#links.add(link);
      } catch (error) {
        closed(closeCodes[(error instanceof SottoError && reasons[error.kind]) || "unavailable"]);
      }
    };
    this.#later("upgrade", () => void upgrade());
    return {
      send: (frame) => {
        if (state === "open") link?.sendUp(readUp(frame));
      },
      close: () => {
        state = "closed";
        link?.close();
        if (link !== undefined) this.#links.delete(link);
      },
    };
  };

  async #answer(url: URL, init: RequestInit): Promise<Response> {
    const header = new Headers(init.headers).get("authorization");
    const body: unknown = typeof init.body === "string" ? JSON.parse(init.body) : init.body;
    const token = header?.replace("Bearer ", "");
    const [, from, last] = /^bytes=(\d+)-(\d+)$/.exec(new Headers(init.headers).get("range") ?? "") ?? [];
    const range = from === undefined ? undefined : { from: Number(from), below: Number(last) + 1 };
    try {
      const data = await this.#web.answer({ method: init.method ?? "GET", url, body, token, range });
      if (data instanceof Uint8Array && range !== undefined)
        return bytesAnswer(Uint8Array.from(data), range.from);
      return answerOf(200, { success: true, data });
    } catch (error) {
      const { kind, message, retryAfterMs } =
        error instanceof SottoError ? error : new SottoError("unavailable", "A call got lost.");
      const retry = retryAfterMs === undefined ? {} : { retryAfterMs };
      return answerOf(400, { success: false, error: { code: kind, message, requestId: "r", ...retry } });
    }
  }

  #later(label: string, run: () => void): void {
    const { sim } = this.#world;
    sim.clock.after(travelMs(sim, "rpc_delayed"), `${this.#name} ${label}`, run);
  }
}

/** As much of a response as the client reads, without the platform's streams, which keep a clock of their own. */
function answerOf(status: number, body: unknown): Response {
  const text = JSON.stringify(body);
  return { status, text: () => Promise.resolve(text) } as Response;
}

function bytesAnswer(bytes: Uint8Array<ArrayBuffer>, from: number): Response {
  const chunks = [bytes];
  const read = () => {
    const value = chunks.pop();
    return Promise.resolve(value === undefined ? { done: true } : { done: false, value });
  };
  const headers = new Headers({ "content-range": `bytes ${from}-${from + bytes.length - 1}/*` });
  return { status: 206, headers, body: { getReader: () => ({ read }) } } as unknown as Response;
}
