/**
 * Two people in two real browser profiles against the production build on workerd. What this does not show: other
 * browsers than Chromium, real networks, several tabs at once.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { text } from "#app/i18n/en.ts";
import { Person, transcript } from "./person.ts";
import { openStage, type Stage } from "./stage.ts";

let stage: Stage;
let anna: Person;
let ben: Person;

beforeAll(async () => {
  stage = await openStage();
  anna = await Person.signUp(stage, "anna");
  ben = await Person.signUp(stage, "ben", { phone: true });
});
afterAll(() => stage.close());

const readByOther = text.delivery.read;

test("twenty messages each way arrive in one order, and their ticks reach read", async () => {
  await anna.startChat("ben");
  await anna.write("ben", "hello ben, are you there?");
  await ben.openChat("anna");
  await ben.until((seen) => seen.length === 1, "the first message");
  for (let i = 1; i < 20; i++) {
    await anna.write("ben", `anna ${i}`);
    await ben.write("anna", `ben ${i}`);
  }
  await ben.write("anna", "ben 20");
  const complete = (seen: readonly { seq: number | undefined }[]): boolean =>
    seen.length === 40 && seen.every((message) => message.seq !== undefined);
  const atAnna = await anna.until(complete, "40 messages");
  const atBen = await ben.until(complete, "40 messages");
  expect(transcript(atAnna)).toEqual(transcript(atBen));
  expect(atAnna.map((message) => message.seq)).toEqual(Array.from({ length: 40 }, (_, i) => i + 1));
  await anna.until(
    (seen) => seen.every(({ state }) => state === "" || state === readByOther),
    "all of hers read",
  );
  await ben.until(
    (seen) => seen.every(({ state }) => state === "" || state === readByOther),
    "all of his read",
  );
});

test("a reload on both sides shows everything again, in the same order", async () => {
  const before = transcript(await anna.messages());
  for (const person of [anna, ben]) {
    await person.page.reload();
    const seen = await person.until((messages) => messages.length === 40, "40 messages after the reload");
    expect(transcript(seen)).toEqual(before);
  }
});

test("one goes offline, both write, it comes back: one sequence, no duplicates", async () => {
  await anna.profile.context.setOffline(true);
  for (let i = 1; i <= 5; i++) {
    await anna.write("ben", `offline anna ${i}`);
    await ben.write("anna", `meanwhile ben ${i}`);
  }
  const waiting = await anna.until((seen) => seen.length === 45, "her own offline messages");
  expect(waiting.slice(-5).map(({ state }) => state)).toEqual(
    Array.from({ length: 5 }, () => text.delivery.pending),
  );
  await ben.until((seen) => seen.length === 45, "his own messages");
  await anna.profile.context.setOffline(false);
  const all = (seen: readonly { seq: number | undefined }[]): boolean =>
    seen.length === 50 && seen.every((message) => message.seq !== undefined);
  const atAnna = await anna.until(all, "50 messages", 60_000);
  const atBen = await ben.until(all, "50 messages", 60_000);
  expect(transcript(atAnna)).toEqual(transcript(atBen));
  expect(new Set(atAnna.map((message) => message.text)).size).toBe(50);
  await anna.until(
    (seen) => seen.every(({ state }) => state === "" || state === readByOther),
    "all of hers read",
  );
});

test("offline, the app opens from its own shell and shows the conversation", async () => {
  await anna.page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
  await anna.profile.context.setOffline(true);
  await anna.page.reload();
  const seen = await anna.until((messages) => messages.length === 50, "50 messages without a network");
  expect(seen.at(-1)?.seq).toBe(50);
  await anna.profile.context.setOffline(false);
});

test("a second device joins with password and recovery code and follows the conversation", async () => {
  const laptop = await Person.logIn(stage, "anna", anna.recoveryCode);
  await ben.write("anna", "do you get this on both?");
  await laptop.openChat("ben");
  await laptop.until((seen) => seen.at(-1)?.text === "do you get this on both?", "the new message");
  await laptop.write("ben", "on both indeed");
  await anna.until((seen) => seen.at(-1)?.text === "on both indeed", "the message of her other device");
  await ben.until((seen) => seen.at(-1)?.text === "on both indeed", "the message of her other device");
  expect(laptop.profile.problems).toEqual([]);
});

test("nothing broke on the way: no page error, no refused script, style or connection", () => {
  expect({ anna: anna.profile.problems, ben: ben.profile.problems }).toEqual({ anna: [], ben: [] });
});
