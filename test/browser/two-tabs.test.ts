/** Two tabs of one profile share one device: one of them owns the keys, the other follows, and either may close. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { Person } from "./person.ts";
import { openStage, type Stage } from "./stage.ts";

let stage: Stage;
let anna: Person;
/** Anna's second tab. */
let second: Person;
let ben: Person;

beforeAll(async () => {
  stage = await openStage();
  [anna, ben] = await Person.pair(stage, "from the first tab");
  const page = await anna.profile.context.newPage();
  await page.goto(anna.page.url());
  second = new Person("anna", { ...anna.profile, page });
  await second.until((seen) => seen.length === 1, "the conversation in the second tab");
});
afterAll(() => stage.close());

/** Both tabs write five messages to the open chat of that name, at once; then all three see the same ones. */
async function writeAtOnce(chat: string, before: number): Promise<void> {
  const five = [0, 1, 2, 3, 4];
  await Promise.all(
    [anna, second].map(async (tab, index) => {
      for (const i of five) await tab.write(chat, `tab ${index}: ${i}`);
    }),
  );
  const count = before + 2 * five.length;
  const all = (seen: readonly { seq: number | undefined }[]): boolean =>
    seen.length === count && seen.every(({ seq }) => seq !== undefined);
  const seen = await Promise.all([anna, second, ben].map((one) => one.until(all, `${count} messages`)));
  const [one = [], ...others] = seen.map((messages) => messages.map(({ text }) => text));
  expect(others).toEqual([one, one]);
  for (const index of [0, 1]) {
    const ofTab = one.filter((text) => text.startsWith(`tab ${index}: `));
    expect(ofTab).toEqual(five.map((i) => `tab ${index}: ${i}`));
  }
}

test("both tabs write to a group at once: everything arrives once, in the order of each tab", async () => {
  await anna.newGroup("Harbour walk", ["ben"]);
  await second.openChat("Harbour walk");
  await ben.openChat("Harbour walk");
  await writeAtOnce("Harbour walk", 0);
  await Promise.all([anna, second, ben].map((one) => one.openChat(one === ben ? "anna" : "ben")));
});

test("both tabs write to one conversation; when the owner closes, the other takes over", async () => {
  await writeAtOnce("ben", 1);
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
