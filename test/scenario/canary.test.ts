/**
 * The server learns nothing: after a full scenario every plaintext, password, recovery code and every secret that
 * passed through any client's cryptography is searched for, in every encoding, in everything the server stored,
 * printed, received or sent. A control shows that the search finds what is there.
 *
 * What this does not show: what the server learns from sizes, times and addresses (docs/threat-model.md).
 */
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openHome } from "#cli/home.ts";
import { decodeOwnDevice } from "#core/crypto/device-identity.ts";
import { nobleProvider } from "#core/crypto/noble-provider.ts";
import { parseRecoveryCode } from "#core/crypto/recovery-code.ts";
import { openRecords } from "#core/store/client-storage.ts";
import { accountKey, accountTable, peerTable, prekeyTable } from "#core/store/tables.ts";
import { decodeBase64url } from "#schema/envelope/base64url.ts";
import { archivedRows } from "../support/archive-rows.ts";
import { KeyWitness } from "../support/key-witness.ts";
import { encodingsOf, type Haystack, type Needle, NeedleSearch, textNeedle } from "../support/needles.ts";
import {
  allMessages,
  eventually,
  type LivePerson,
  signIn,
  signUp,
  testStorage,
  textOf,
} from "../support/people.ts";
import type { WireEntry } from "../support/recorded-network.ts";
import { startServer } from "../support/server.ts";

const texts = {
  plain: "canary-alpha the ship leaves at dawn",
  unicode: "canary-béta Ελπίδα 希望 надежда 🕊️👩🏽‍🚀",
  answer: "canary-gamma bring the blue lantern",
  offline: "canary-delta written without a network",
  repaired: "canary-epsilon this capsule was damaged on its way",
  toBothDevices: "canary-zeta for both of your devices",
  fromSecond: "canary-eta sent by the new device",
  toGroup: "canary-lambda said to a group of three",
  long: `canary-theta ${"in the beginning of a very long story ".repeat(500)} canary-iota the end`,
} as const;
const draft = "canary-kappa never sent to anyone";
const groupNames = {
  first: "canary-mu the name of a group",
  second: "canary-nu another name of it",
} as const;

const folder = mkdtempSync(path.join(tmpdir(), "sotto-canary-"));
const server = await startServer();
const home = openHome(path.join(folder, "anna"), undefined);
const witnesses = ["anna", "ben", "anna two"].map((name) => new KeyWitness(name));
const people: LivePerson[] = [];
let wire: WireEntry[] = [];
let needles: Needle[] = [];

afterAll(async () => {
  await Promise.allSettled(people.map(({ client }) => client.close())); // most are closed already
  home.release();
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

function shows(
  person: LivePerson,
  conversationId: Parameters<typeof allMessages>[1],
  text: string,
): Promise<true> {
  return eventually(`${person.username} reads "${text.slice(0, 30)}"`, async () => {
    const known = await person.client.listConversations();
    if (!known.some((conversation) => conversation.conversationId === conversationId)) return false;
    return (await allMessages(person.client, conversationId)).some((message) => textOf(message) === text);
  });
}

beforeAll(async () => {
  const { origin } = server;
  const [annaKeys, benKeys, secondKeys] = witnesses;
  if (!annaKeys || !benKeys || !secondKeys) throw new Error("no witnesses");
  const anna = await signUp(origin, "anna", { storage: home.storage, provider: annaKeys.provider });
  const ben = await signUp(origin, "ben", { provider: benKeys.provider });
  const { conversationId } = await anna.client.startConversation("ben");
  people.push(anna, ben);
  for (const { client } of people) await client.openConversation(conversationId).catch(() => undefined);

  await anna.client.sendText(conversationId, texts.plain);
  await anna.client.sendText(conversationId, texts.unicode);
  await shows(ben, conversationId, texts.unicode);
  await ben.client.openConversation(conversationId);
  await ben.client.setTyping(conversationId, true);
  await ben.client.sendText(conversationId, texts.answer);
  await ben.client.sendText(conversationId, texts.long);
  await shows(anna, conversationId, texts.long);
  await anna.client.saveDraft(conversationId, draft);

  anna.network.unplug();
  await anna.client.sendText(conversationId, texts.offline);
  anna.network.plugIn();
  await shows(ben, conversationId, texts.offline);

  let tampered = 0;
  ben.network.tamper = (text) =>
    text.replace(
      /("type":"message:new"[^{}]*\{[^{}]*\}[^{}]*"capsule":"[^"]{80})(.)/g,
      (_, before: string, char: string) => {
        tampered += 1;
        return before + (char === "A" ? "B" : "A");
      },
    );
  await anna.client.sendText(conversationId, texts.repaired);
  await shows(ben, conversationId, texts.repaired);
  ben.network.tamper = (text) => text;
  expect(tampered).toBeGreaterThan(0);

  for (const { client } of people) await client.saveBackup();
  const second = await signIn(origin, anna, { storage: testStorage(), provider: secondKeys.provider });
  people.push(second);
  await ben.client.sendText(conversationId, texts.toBothDevices);
  await shows(second, conversationId, texts.toBothDevices);
  await shows(anna, conversationId, texts.toBothDevices);
  await second.client.sendText(conversationId, texts.fromSecond);
  await shows(ben, conversationId, texts.fromSecond);
  await shows(anna, conversationId, texts.fromSecond);
  await sayInGroup(origin, anna, [ben, second]);
  for (const { client } of people.slice(0, 3)) await client.markRead(conversationId, 8);
  await eventually("the read marks arrive", async () =>
    (await allMessages(anna.client, conversationId)).every(
      ({ mine, delivery }) => !mine || delivery === "read",
    ),
  );
  await checkWitness(anna, annaKeys);
  await second.client.logout("device");
  await eventually("the archive", () => archivedRows(server.state, conversationId).length === 8);
  await anna.client.close();
  await ben.client.close();
  await server.kill();

  wire = people.flatMap(({ network }) => network.wire);
  needles = [
    ...Object.entries({ ...texts, ...groupNames, draft }).map(([name, text]) =>
      textNeedle(name, text.slice(0, 400)),
    ),
    textNeedle("end of the long text", "canary-iota the end"),
    ...people.flatMap(secretTexts),
    ...witnesses.flatMap((witness) => witness.needles),
  ];
});

/** A group is made, spoken to, loses somebody and gets another name. */
async function sayInGroup(origin: string, anna: LivePerson, others: readonly LivePerson[]): Promise<void> {
  const carl = await signUp(origin, "carl");
  const { conversationId } = await anna.client.createGroup({
    name: groupNames.first,
    usernames: ["ben", "carl"],
  });
  await anna.client.sendText(conversationId, texts.toGroup);
  for (const person of [...others, carl]) await shows(person, conversationId, texts.toGroup);
  const { members } = await anna.client.group(conversationId);
  const gone = members.find(({ username }) => username === "carl")?.account;
  if (gone === undefined) throw new Error("carl is not in the group");
  await anna.client.removeMember(conversationId, gone);
  await anna.client.renameGroup(conversationId, groupNames.second);
  for (const { client, username } of others) {
    await eventually(`${username} knows the new name`, async () =>
      (await client.listConversations()).some(
        (view) => view.kind === "group" && view.title === groupNames.second,
      ),
    );
  }
  await carl.client.close();
  people.push(carl);
}

function secretTexts({ username, password, recoveryCode }: LivePerson): Needle[] {
  const bare = recoveryCode.replaceAll("-", "");
  return [
    textNeedle(`password of ${username}`, password),
    textNeedle(`recovery code of ${username}`, recoveryCode),
    textNeedle(`bare recovery code of ${username}`, bare),
    textNeedle(`lower-case recovery code of ${username}`, bare.toLowerCase()),
    { name: `recovery secret of ${username}`, bytes: parseRecoveryCode(nobleProvider, recoveryCode) },
  ];
}

/** The witness saw what lies in the store: device keys, prekeys, ratchet keys, and the key of the store itself. */
async function checkWitness(person: LivePerson, witness: KeyWitness): Promise<void> {
  const records = await openRecords(person.network.environment, person.storage);
  const account = await records.read(accountTable, accountKey);
  const { keys } = decodeOwnDevice(decodeBase64url(account?.ownDevice ?? ""));
  const prekeys = await records.list(prekeyTable);
  const peers = await records.list(peerTable);
  const ratchets = peers.flatMap(({ value }) => (value.current === undefined ? [] : [value.current.ratchet]));
  expect(prekeys.length).toBeGreaterThan(100);
  expect(ratchets.length).toBeGreaterThan(1);
  const secrets = [
    await person.storage.openMasterKey(),
    keys.dsk.secret,
    keys.dik.secret,
    ...prekeys.map(({ value }) => value.secret),
    ...ratchets.flatMap(({ rootKey, sending }) => [rootKey, sending.dh.secret]),
    ...ratchets.flatMap(({ sending }) => [
      sending.nextHeaderKey,
      ...(sending.headerKey ? [sending.headerKey] : []),
    ]),
  ];
  expect(secrets.filter((secret) => !witness.knows(secret))).toEqual([]);
}

function filesBelow(root: string): Haystack[] {
  return globSync("**/*", { cwd: root, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .map((file) => ({ name: path.relative(root, file), bytes: readFileSync(file) }));
}

function heapsOf(state: string, output: string, entries: readonly WireEntry[]): Haystack[] {
  const places = [...new Set(entries.map(({ place }) => place))];
  const texts = places.map((place) => ({
    name: `wire ${place}`,
    bytes: Buffer.from(
      entries
        .filter((entry) => entry.place === place)
        .map(({ text }) => text)
        .join("\n"),
      place === "up bytes" ? "latin1" : "utf8",
    ),
  }));
  return [...filesBelow(state), { name: "output", bytes: Buffer.from(output) }, ...texts];
}

test("[AR40] [HT40] no plaintext, password or key in what the server stores, prints, receives or sends", () => {
  const search = new NeedleSearch(needles);
  const heaps = heapsOf(server.state, server.output(), wire);
  const bytes = heaps.reduce((sum, heap) => sum + heap.bytes.length, 0);
  console.log(`${needles.length} needles in ${search.forms} forms, ${heaps.length} heaps, ${bytes} bytes`);
  expect(heaps.map(({ name }) => name).filter((name) => name.endsWith(".sqlite")).length).toBeGreaterThan(4);
  expect(heaps.filter(({ name }) => name.startsWith("wire")).length).toBe(7);
  // Objects of the bucket: a manifest and a segment of either person's backup at least.
  expect(heaps.filter(({ name }) => /r2.+blobs/.test(name)).length).toBeGreaterThan(3);
  expect(heaps.flatMap((heap) => search.find(heap))).toEqual([]);
});

test("[AU14] [AU88] the keys that prove a password or a recovery code are nowhere in what the server keeps or prints", () => {
  const keys = witnesses
    .flatMap(({ authKeys }) => authKeys)
    .map((bytes) => ({ name: "authentication key", bytes }));
  expect(keys.length).toBe(5); // three passwords, two codes at registration
  const search = new NeedleSearch(keys);
  expect(heapsOf(server.state, server.output(), []).flatMap((heap) => search.find(heap))).toEqual([]);
  const sent = heapsOf(server.state, "", wire).filter(({ name }) => name === "wire request");
  expect(sent.flatMap((heap) => search.find(heap)).length).toBeGreaterThan(0); // the search does find it where it goes
});

test("[CL83] a home folder holds no plaintext, and no key outside its key file", () => {
  const files = filesBelow(path.join(folder, "anna"));
  expect(files.map(({ name }) => name)).toEqual(expect.arrayContaining(["device.key", "store.db"]));
  const search = new NeedleSearch(needles);
  const found = files.flatMap((file) => search.find(file));
  expect(found.filter(({ haystack }) => haystack !== "device.key")).toEqual([]);
  expect(found.map(({ haystack, encoding }) => [haystack, encoding])).toEqual([["device.key", "raw"]]);
});

test("control: what is planted in any place and encoding is found", () => {
  const planted = [
    textNeedle("a text", 'planted-ω "quoted" 希望'),
    { name: "a key", bytes: nobleProvider.random(32) },
    { name: "a seed", bytes: nobleProvider.random(64) },
  ];
  const search = new NeedleSearch([...needles, ...planted]);
  for (const needle of planted) {
    for (const [encoding, form] of encodingsOf(needle)) {
      // Some forms are the same bytes, so the name of the encoding may be another.
      const expected = (haystack: string) => expect.objectContaining({ needle: needle.name, haystack });
      const state = mkdtempSync(path.join(folder, "planted-"));
      mkdirSync(path.join(state, "deep/er"), { recursive: true });
      writeFileSync(
        path.join(state, "deep/er/file"),
        Buffer.concat([nobleProvider.random(777), form, Buffer.from("x")]),
      );
      const database = new DatabaseSync(path.join(state, "rows.sqlite"));
      database.exec("PRAGMA journal_mode = WAL; CREATE TABLE t (v BLOB)");
      database.prepare("INSERT INTO t VALUES (?)").run(form);
      const found = heapsOf(state, "", []).flatMap((heap) => search.find(heap));
      database.close();
      const places = ["deep/er/file", "rows.sqlite-wal"];
      expect(found).toEqual(expect.arrayContaining(places.map(expected)));
      if (encoding === "raw" || encoding.startsWith("utf-16")) continue; // what crosses is text
      const text = `before ${Buffer.from(form).toString("latin1")} after`;
      const entries = (["url", "header", "request", "answer", "up", "down"] as const).map((place) => ({
        place,
        path: "/",
        text,
      }));
      const inText = heapsOf(state, text, entries).flatMap((heap) => search.find(heap));
      const heaps = ["output", ...entries.map(({ place }) => `wire ${place}`)];
      expect(inText).toEqual(expect.arrayContaining(heaps.map(expected)));
    }
    for (const alphabet of ["base64", "base64url"] as const) {
      for (let before = 0; before < 6; before += 1) {
        const longer = Buffer.concat([nobleProvider.random(before), needle.bytes, nobleProvider.random(50)]);
        const bytes = Buffer.from(longer.toString(alphabet));
        const finds = search.find({ name: "longer text", bytes });
        expect(finds.map(({ needle: name }) => name)).toContain(needle.name);
      }
    }
  }
});
