/**
 * Group commit without a timer: on workerd a zero timer takes more than a millisecond, ten times what a message needs
 * (docs/decisions/069-fewer-turns-pages-and-frames.md).
 */

/** Runs `work` when the events that have arrived by now were handed over: when `waiting` has stopped growing. */
export async function runWhenSettled(work: () => void, waiting: () => number): Promise<void> {
  let before: number;
  do {
    before = waiting();
    await eventLoopTurn();
  } while (waiting() > before);
  work();
}

/** Reading a stream leaves the isolate once, so that the runtime hands over what else has come. */
async function eventLoopTurn(): Promise<void> {
  await new Response("turn").text();
}
