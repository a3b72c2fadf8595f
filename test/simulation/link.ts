/** One WebSocket: two queues that are delivered separately, in order, and may be cut at any point of either. */
import type { CloseReason } from "#schema/errors.ts";
import type { Identity } from "#schema/rpc/shared.ts";
import type { ObjectHost } from "./host.ts";
import { type Sim, travelMs } from "./sim.ts";
import { SimSocket } from "./sockets.ts";

export type Down =
  | { readonly type: "opened" }
  | { readonly type: "text"; readonly text: string }
  /** `lost`: without a closing handshake. */
  | { readonly type: "closed"; readonly reason: CloseReason | "lost" };

export class Link {
  readonly identity: Identity;
  readonly #sim: Sim;
  readonly #host: ObjectHost;
  readonly #onDown: (down: Down) => void;
  #upFreeMs = 0;
  #downFreeMs = 0;
  #upInFlight = 0;
  #downInFlight = 0;
  /** Deliveries that still happen after the connection broke; undefined while it stands. */
  #upLeft: number | undefined;
  #downLeft: number | undefined;
  #isDeviceDone = false;
  server: SimSocket | undefined;

  constructor(sim: Sim, host: ObjectHost, identity: Identity, onDown: (down: Down) => void) {
    this.#sim = sim;
    this.#host = host;
    this.identity = identity;
    this.#onDown = onDown;
    this.#up("upgrade", () => {
      host.links.add(this);
      this.server = new SimSocket(identity, this, host.gate);
      host.accept(this);
    });
  }

  get isCut(): boolean {
    return this.#upLeft !== undefined;
  }

  sendUp(text: string): void {
    this.#up("frame up", () => {
      if (this.server !== undefined) this.#host.receive(this.server, text);
    });
  }

  sendDown(down: Down): void {
    const dueMs = Math.max(this.#downFreeMs, this.#sim.clock.nowMs + travelMs(this.#sim, "frame_delayed"));
    this.#downFreeMs = dueMs;
    this.#downInFlight += 1;
    this.#sim.clock.after(dueMs - this.#sim.clock.nowMs, `${this.#host.name} frame down`, () => {
      this.#downInFlight -= 1;
      if (this.#downLeft !== undefined) {
        if (this.#downLeft === 0) return this.#sim.faults.count("frame_lost");
        this.#downLeft -= 1;
      }
      this.#tell(down);
    });
  }

  /** The device closes, or dies. */
  close(): void {
    this.#isDeviceDone = true;
    this.#up("close", () => this.#leave());
  }

  /** The connection breaks: a part of what is under way still arrives, each side notices in its own time. */
  cut(by: "network" | "server"): void {
    if (this.isCut) return;
    const { random, clock } = this.#sim;
    this.#upLeft = by === "server" ? 0 : random.below(this.#upInFlight + 1);
    this.#downLeft = random.below(this.#downInFlight + 1);
    clock.after(random.below(10_000), `${this.#host.name} link lost`, () => {
      this.#tell({ type: "closed", reason: "lost" });
    });
    clock.after(random.below(30_000), `${this.#host.name} socket gone`, () => this.#leave());
  }

  #up(label: string, run: () => void): void {
    const dueMs = Math.max(this.#upFreeMs, this.#sim.clock.nowMs + travelMs(this.#sim, "frame_delayed"));
    this.#upFreeMs = dueMs;
    this.#upInFlight += 1;
    this.#sim.clock.after(dueMs - this.#sim.clock.nowMs, `${this.#host.name} ${label}`, () => {
      this.#upInFlight -= 1;
      if (this.#upLeft !== undefined) {
        if (this.#upLeft === 0) return this.#sim.faults.count("frame_lost");
        this.#upLeft -= 1;
      }
      run();
    });
  }

  #leave(): void {
    this.#host.links.delete(this);
    if (this.server !== undefined) this.#host.roster.remove(this.server);
  }

  #tell(down: Down): void {
    if (this.#isDeviceDone) return;
    if (down.type === "closed") {
      this.#isDeviceDone = true;
      this.#up("close", () => this.#leave());
    }
    this.#onDown(down);
  }
}
