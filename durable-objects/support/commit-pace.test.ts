import { expect, test } from "vitest";
import { CommitPace } from "./commit-pace.ts";

/** A pace whose turns end when a test says so, and what it committed. */
function paced() {
  const turns: (() => void)[] = [];
  const commits: number[] = [];
  let waiting = 0;
  const pace = new CommitPace(() => new Promise<void>((resolve) => turns.push(resolve)));
  const arrive = (count: number): void => {
    waiting += count;
    pace.arrived(
      () => {
        commits.push(waiting);
        waiting = 0;
      },
      () => waiting,
    );
  };
  const turn = async (): Promise<void> => {
    for (const resolve of turns.splice(0)) resolve();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { arrive, turn, turns, commits };
}

test("what comes alone is committed at once, with a look at every eighth", async () => {
  const { arrive, turn, turns, commits } = paced();
  for (let count = 1; count <= 8; count += 1) {
    expect(turns.length).toBe(0);
    arrive(1);
  }
  expect([commits, turns.length]).toEqual([[1, 1, 1, 1, 1, 1, 1, 1], 1]);
  await turn();
  expect(turns.length).toBe(0);
  arrive(1);
  expect(commits.length).toBe(9);
});

test("a crowd is committed together once a look has seen it, and until one sees calm", async () => {
  const { arrive, turn, turns, commits } = paced();
  for (let count = 0; count < 8; count += 1) arrive(1);
  arrive(1);
  arrive(1);
  expect(commits.length).toBe(8);
  await turn();
  expect(commits.length).toBe(8); // still growing: another look
  await turn();
  expect(commits.slice(8)).toEqual([2]);
  arrive(3);
  expect(commits.length).toBe(9);
  arrive(4);
  await turn();
  await turn();
  expect(commits.slice(9)).toEqual([7]);
  arrive(1);
  await turn();
  expect([commits.slice(10), turns.length]).toEqual([[1], 0]);
  arrive(1);
  expect(commits.slice(11)).toEqual([1]);
});

test("what is plenty does not wait for more", async () => {
  const { arrive, turn, commits } = paced();
  for (let count = 0; count < 8; count += 1) arrive(1);
  arrive(31);
  expect(commits.length).toBe(8);
  arrive(1);
  expect(commits.slice(8)).toEqual([32]);
  await turn();
  expect(commits.length).toBe(9);
});
