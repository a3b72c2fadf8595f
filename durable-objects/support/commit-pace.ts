/**
 * When to commit what has arrived: at once while things come one by one, together while they come in crowds.
 *
 * Whether there is a crowd shows in a turn of the event loop, which costs half as much as a commit; so while all is calm only
 * some commits are followed by one. It is a turn and not a timer: on workerd a zero timer takes more than a
 * millisecond, ten times what a message needs (docs/decisions/069-fewer-turns-pages-and-frames.md).
 */

/** So much is worth a commit of its own. */
const plenty = 32;
/** Of so many commits in calm, one is followed by a look. */
const calmCommits = 8;

export class CommitPace {
  readonly #turn: () => Promise<unknown>;
  #isCalm = true;
  #isWatching = false;
  #commits = 0;

  /** `turn` lets the runtime hand over what else has arrived. */
  constructor(turn: () => Promise<unknown> = eventLoopTurn) {
    this.#turn = turn;
  }

  /** A frame has arrived. Runs `commit` now, or when `waiting` has stopped growing. */
  arrived(commit: () => void, waiting: () => number): void {
    const isNow = waiting() >= plenty || (this.#isCalm && !this.#isWatching);
    if (isNow) commit();
    if (this.#isWatching) return;
    this.#commits = isNow ? this.#commits + 1 : 0;
    if (this.#commits % calmCommits === 0) void this.#watch(commit, waiting);
  }

  async #watch(commit: () => void, waiting: () => number): Promise<void> {
    this.#isWatching = true;
    let hasGrown = false;
    for (let before = -1; before !== waiting();) {
      before = waiting();
      await this.#turn();
      hasGrown ||= waiting() > before;
    }
    this.#isWatching = false;
    this.#isCalm = !hasGrown;
    if (waiting() > 0) commit();
  }
}

/** Reading a stream leaves the isolate once, so that the runtime hands over what else has come. */
async function eventLoopTurn(): Promise<void> {
  await new Response("turn").text();
}
