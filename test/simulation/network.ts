/** Calls between objects, and of the Worker: late, lost on the way there or back, repeated, overtaken, hanging. */
import type { ObjectHost } from "./host.ts";
import { type Sim, travelMs } from "./sim.ts";

const hangMs = 120_000;

export class Network {
  readonly #sim: Sim;
  #calls = 0;
  readonly #newestArrived = new Map<string, number>();

  constructor(sim: Sim) {
    this.#sim = sim;
  }

  /** `from` undefined: the Worker, on behalf of a device. */
  call<Result>(
    from: ObjectHost | undefined,
    to: ObjectHost,
    label: string,
    work: () => Promise<Result>,
  ): Promise<Result> {
    const { faults, clock, random } = this.#sim;
    const generation = from?.generation;
    if (from !== undefined) from.underWay += 1;
    this.#calls += 1;
    const order = this.#calls;
    const route = `${from?.name ?? "worker"}>${to.name}`;
    return new Promise((resolve, reject) => {
      const back = (run: () => void, hung = 0): void => {
        clock.after(hung + travelMs(this.#sim, "rpc_delayed"), `${route} answer`, () => {
          if (from === undefined) run();
          else if (from.generation === generation) {
            from.underWay -= 1;
            from.turn(run);
          }
        });
      };
      const fail = (): void => back(() => reject(new Error("network lost")));
      const depart = (): void => {
        if (faults.roll("rpc_lost")) return fail();
        const copies = faults.roll("rpc_duplicated") ? 2 : 1;
        for (let copy = 0; copy < copies; copy += 1) {
          clock.after(travelMs(this.#sim, "rpc_delayed"), `${route} ${label}`, () => {
            this.#arrived(route, order);
            void this.#serve(to, work, fail, (result) => {
              if (faults.roll("rpc_answer_lost")) return fail();
              back(() => resolve(result), faults.roll("rpc_hung") ? random.below(hangMs) : 0);
            });
          });
        }
      };
      if (from === undefined) depart();
      else from.gate.pass(depart);
    });
  }

  async #serve<Result>(
    to: ObjectHost,
    work: () => Promise<Result>,
    fail: () => void,
    answer: (result: Result) => void,
  ): Promise<void> {
    to.pendingCalls.add(fail);
    let finish = fail;
    try {
      const result = await to.turn(work);
      finish = () => answer(result);
    } catch {
      // The object threw: the caller sees a failed call.
    }
    to.gate.pass(() => {
      if (to.pendingCalls.delete(fail)) finish();
    });
  }

  #arrived(route: string, order: number): void {
    const newest = this.#newestArrived.get(route) ?? 0;
    if (order < newest) this.#sim.faults.count("rpc_reordered");
    else this.#newestArrived.set(route, order);
  }
}
