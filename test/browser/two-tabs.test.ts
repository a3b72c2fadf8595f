/** Two tabs of one profile share one device: one of them owns the keys, the other follows, and either may close. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { Person } from "./person.ts";
import { openStage, type Stage } from "./stage.ts";

let stage: Stage;
let anna: Person;
let ben: Person;

beforeAll(async () => {
  stage = await openStage();
  [anna, ben] = await Person.pair(stage, "from the first tab");
});
afterAll(() => stage.close());

test("both tabs write and show one conversation; when the owner closes, the other takes over", async () => {
  const page = await anna.profile.context.newPage();
  await page.goto(anna.page.url());
  const second = new Person("anna", { ...anna.profile, page });
  await second.until((seen) => seen.length === 1, "the conversation in the second tab");

  for (let i = 0; i < 5; i++) {
    await anna.write("ben", `first ${i}`);
    await second.write("ben", `second ${i}`);
  }
  const all = (seen: readonly { seq: number | undefined }[]): boolean =>
    seen.length === 11 && seen.every(({ seq }) => seq !== undefined);
  const [one, two, three] = await Promise.all([
    anna.until(all, "11 messages"),
    second.until(all, "11 messages"),
    ben.until(all, "11 messages"),
  ]);
  expect(two.map(({ text }) => text)).toEqual(one.map(({ text }) => text));
  expect(three.map(({ text }) => text)).toEqual(one.map(({ text }) => text));

  await anna.page.close();
  await second.write("ben", "the first tab is gone");
  await ben.until(
    (seen) => seen.at(-1)?.text === "the first tab is gone",
    "the message of the tab that took over",
  );
  await ben.write("anna", "still here");
  await second.until((seen) => seen.at(-1)?.text === "still here", "the answer");
  expect(ben.profile.problems).toEqual([]);
});
