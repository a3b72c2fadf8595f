/**
 * The platform under one simulated object: storage with a disk that flushes late, the output gate, the one alarm, a
 * clock that may jump, and instances that can be dropped between any two events.
 */
import { pingText, pongText } from "#schema/protocol/control.ts";
import { SimDisk } from "./disk.ts";
import type { OutputGate } from "./gate.ts";
import type { Link } from "./link.ts";
import type { Sim } from "./sim.ts";
import { SimRoster, type SimSocket } from "./sockets.ts";

const alarmRetryMs = 2_000;
const diskMs = 20;
const slowDiskMs = 1_000;

export abstract class ObjectHost {
  readonly sim: Sim;
  readonly name: string;
  readonly disk: SimDisk;
  readonly gate: OutputGate;
  readonly roster = new SimRoster();
  /** Every connection, also of sockets that the object has closed and forgotten. */
  readonly links = new Set<Link>();
  /** Calls that were taken and are not answered. */
  readonly pendingCalls = new Set<() => void>();
  /** Grows when the instance is dropped, so that what was under way never reaches the next one. */
  generation = 0;
  /** Timers, and calls of its own that are not answered. */
  underWay = 0;
  skewMs = 0;
  /** Its memory was dropped under sockets that stayed. */
  hasSlept = false;
  #alarmMs: number | undefined;
  #flushedAlarmMs: number | undefined;
  #isAlarmRunning = false;
  #isArmed = false;
  #cancelAlarm: () => void = () => undefined;

  constructor(sim: Sim, kind: "conversation" | "inbox", name: string) {
    this.sim = sim;
    this.name = name;
    const failsCommit = (): boolean => this.isAwake && sim.faults.roll("commit_failed");
    this.disk = new SimDisk(kind, failsCommit, () => this.#flushSoon());
    this.gate = sim.variant.gate(() => this.disk.isDirty);
  }

  /** An instance is in memory. */
  protected abstract get isAwake(): boolean;
  /** Restores the instance from storage. */
  protected abstract wake(): void;
  protected abstract forget(): void;
  protected abstract runAlarm(): Promise<void>;
  protected abstract flushed(): void;
  protected abstract lost(): void;
  protected abstract frame(socket: SimSocket, text: string): void;
  /** Decides about a new socket and takes it. */
  abstract accept(link: Link): void;

  readonly now = (): number => this.sim.clock.nowMs + this.skewMs;

  /** One turn of the object, which wakes it. */
  turn<Result>(work: () => Result): Result {
    if (!this.isAwake) this.wake();
    return work();
  }

  flushDisk(): void {
    this.disk.flush();
    this.flushed();
    // An alarm is gone from the disk only after it has run.
    if (this.#isAlarmRunning) return this.gate.open();
    if (this.#flushedAlarmMs !== this.#alarmMs || !this.#isArmed) {
      this.#flushedAlarmMs = this.#alarmMs;
      this.armAlarm();
    }
    this.gate.open();
  }

  setAlarm(atMs: number): void {
    this.#alarmMs = atMs;
    this.disk.touch();
  }

  /** What `run` does happens only if the instance that asked for it is still there. */
  readonly later = (delayMs: number, label: string, run: () => void): void => {
    const { generation } = this;
    this.underWay += 1;
    this.sim.clock.after(delayMs, `${this.name} ${label}`, () => {
      if (this.generation !== generation) return;
      this.underWay -= 1;
      this.turn(run);
    });
  };

  /** A timer of the instance, which dies with it. */
  readonly after = (delayMs: number, run: () => void): (() => void) => {
    const { generation } = this;
    let isOver = false;
    const end = (): boolean => {
      if (isOver || this.generation !== generation) return false;
      isOver = true;
      this.underWay -= 1;
      return true;
    };
    this.underWay += 1;
    const cancel = this.sim.clock.after(delayMs, `${this.name} timer`, () => {
      if (end()) this.turn(run);
    });
    return () => {
      if (end()) cancel();
    };
  };

  receive(socket: SimSocket, text: string): void {
    // The platform answers a ping by itself, and wakes nobody.
    if (text === pingText) return socket.link.sendDown({ type: "text", text: pongText });
    this.turn(() => this.frame(socket, text));
  }

  /**
   * Memory is gone. An object at rest hibernates: its sockets and their attachments stay. One with something under
   * way is only ever reset, which closes them.
   */
  evict(): void {
    if (!this.isAwake) return;
    this.flushDisk();
    if (this.underWay > 0 || this.pendingCalls.size > 0) {
      this.#cutLinks();
      this.sim.faults.count("reset");
    } else {
      this.sim.faults.count("hibernation");
      this.hasSlept = true;
    }
    this.#drop();
    this.#failCalls();
  }

  /** The process ends: memory, sockets and what was not flushed are gone. */
  crash(): void {
    if (this.disk.isDirty) this.sim.faults.count("commit_lost");
    this.disk.crash();
    this.#alarmMs = this.#flushedAlarmMs;
    this.lost();
    this.gate.drop();
    this.#cutLinks();
    this.#drop();
    this.#failCalls();
    this.armAlarm();
  }

  armAlarm(): void {
    this.#cancelAlarm();
    const atMs = this.#flushedAlarmMs;
    if (atMs === undefined || this.#isAlarmRunning) return;
    this.#isArmed = true;
    this.#cancelAlarm = this.sim.clock.after(atMs - this.now(), `${this.name} alarm`, () => {
      void this.#fire();
    });
  }

  #cutLinks(): void {
    this.roster.clear();
    for (const link of this.links) link.cut("server");
    this.links.clear();
  }

  #flushSoon(): void {
    const { generation } = this;
    const { random } = this.sim;
    this.sim.clock.after(random.below(random.chance(0.1) ? slowDiskMs : diskMs), `${this.name} disk`, () => {
      if (this.generation === generation) this.flushDisk();
    });
  }

  #failCalls(): void {
    for (const fail of this.pendingCalls) fail();
    this.pendingCalls.clear();
  }

  #drop(): void {
    this.generation += 1;
    this.underWay = 0;
    this.forget();
    if (!this.#isAlarmRunning) return;
    this.sim.faults.count("alarm_cut_off");
    this.#isAlarmRunning = false;
    this.#alarmMs = Math.min(this.#alarmMs ?? Infinity, this.now() + alarmRetryMs);
    this.#flushedAlarmMs = this.#alarmMs;
    this.armAlarm();
  }

  async #fire(): Promise<void> {
    if (this.#isAlarmRunning) return;
    this.#isAlarmRunning = true;
    this.#isArmed = false;
    this.#alarmMs = undefined;
    const { generation } = this;
    await this.turn(() => this.runAlarm());
    if (this.generation !== generation) return;
    if (this.sim.faults.roll("alarm_twice")) await this.turn(() => this.runAlarm());
    if (this.generation !== generation) return;
    this.#isAlarmRunning = false;
    // The alarm that ran is gone from the disk with the next flush; until then a crash brings it back.
    this.disk.touch();
  }
}
