/** What a newcomer meets after `npm run dev`: the app behind Vite, talking to the Worker of the same clone. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { Person } from "./person.ts";
import { openStage, type Stage } from "./stage.ts";

let stage: Stage;

beforeAll(async () => {
  stage = await openStage("dev");
});
afterAll(() => stage.close());

test("two people sign up on the development server and write to each other", async () => {
  const anna = await Person.signUp(stage, "anna");
  const ben = await Person.signUp(stage, "ben");
  await anna.startChat("ben");
  await anna.write("ben", "it runs");
  await ben.openChat("anna");
  await ben.until((seen) => seen.at(-1)?.text === "it runs", "the first message");
  expect([...anna.profile.problems, ...ben.profile.problems]).toEqual([]);
});
