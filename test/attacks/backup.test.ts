/**
 * What a server, or a revoked device that knows the backup root, can do with backups; and what is in one. Layouts and
 * signatures alone: frontend/core/crypto/backup.
 */
import { afterEach, expect, test } from "vitest";
import { Client } from "#core/client.ts";
import { parseConversationKeys } from "#core/crypto/backup/key-entries.ts";
import { label, type LabelName } from "#schema/envelope/labels.ts";
import type { ConversationId } from "#schema/ids.ts";
import { FakeServer, quickProvider } from "#test/support/client/fake-server.ts";
import { type Person, person, secondDevice, shows, texts, until } from "#test/support/client/people.ts";
import { KeyWitness } from "#test/support/key-witness.ts";

const open: Client[] = [];
const join = <P extends Pick<Person, "client">>(one: P): P => {
  open.push(one.client);
  return one;
};
afterEach(async () => {
  await Promise.all(open.splice(0).map((client) => client.close()));
});

async function accountOf(client: Client) {
  const status = await client.accountStatus();
  if (status.state !== "signed_in") throw new Error("not signed in");
  return status.account;
}

async function isRefused(client: Client): Promise<boolean> {
  const status = await client.backupStatus();
  return status.state !== "off" && status.refused;
}

interface Stage {
  readonly server: FakeServer;
  readonly alice: Person;
  readonly bob: Person;
  readonly id: ConversationId;
}

async function stage(): Promise<Stage> {
  const server = new FakeServer();
  const alice = join(await person(server, "alice"));
  const bob = join(await person(server, "bob"));
  const { conversationId: id } = await alice.client.startConversation("bob");
  await bob.client.startConversation("alice");
  return { server, alice, bob, id };
}

async function say({ bob, id }: Stage, to: Client, said: readonly string[]): Promise<void> {
  await bob.client.sendText(id, said.at(-1) ?? "");
  await shows(to, id, said);
}

test("[ATTACK 66] an older manifest than this device has seen is refused, and what it has stays", async () => {
  const play = await stage();
  const { server, alice, id } = play;
  const { manifests } = server.backups.of(await accountOf(alice.client));
  await say(play, alice.client, ["one"]);
  await alice.client.saveBackup();
  const old = manifests.get(1)!;
  await say(play, alice.client, ["one", "two"]);
  await alice.client.saveBackup();
  await say(play, alice.client, ["one", "two", "unsaved"]);
  const tablet = await secondDevice(server, "alice", alice.recoveryCode);
  await shows(tablet.client, id, ["one", "two", "[before_this_device]"]);
  await until(async () => {
    const status = await tablet.client.backupStatus();
    return status.state !== "off" && status.restoring === undefined;
  });
  await tablet.client.close();
  manifests.set(1, old);
  const again = join({ client: await Client.open(server.environment(), tablet.storage) });
  await until(async () => {
    await texts(again.client, id);
    return isRefused(again.client);
  });
  expect(await texts(again.client, id)).toEqual(["one", "two", "[before_this_device]"]);
});

test("[ATTACK 66] a chain that another device has seen further along is not taken from its past", async () => {
  const play = await stage();
  const { server, alice, bob, id } = play;
  const { manifests } = server.backups.of(await accountOf(alice.client));
  await say(play, alice.client, ["one"]);
  await alice.client.saveBackup();
  const old = manifests.get(1)!;
  await say(play, alice.client, ["one", "two"]);
  await alice.client.saveBackup();
  const tablet = join(await secondDevice(server, "alice", alice.recoveryCode));
  await shows(tablet.client, id, ["one", "two"]);
  await bob.client.sendText(id, "three");
  await shows(tablet.client, id, ["one", "two", "three"]);
  await tablet.client.saveBackup();
  manifests.set(1, old);
  const third = join(await secondDevice(server, "alice", alice.recoveryCode));
  await shows(third.client, id, ["[before_this_device]", "[before_this_device]", "three"]);
  expect(await isRefused(third.client)).toBe(true);
});

test("[ATTACK 66] segments that are swapped or spoilt are not used", async () => {
  const play = await stage();
  const { server, alice, id } = play;
  const { segments } = server.backups.of(await accountOf(alice.client));
  await say(play, alice.client, ["one"]);
  await alice.client.saveBackup();
  const first = [...segments.values()][0]!;
  for (const text of ["two", "three", "four"]) {
    await say(
      play,
      alice.client,
      ["one", "two", "three", "four"].slice(0, ["two", "three", "four"].indexOf(text) + 2),
    );
  }
  await alice.client.saveBackup();
  expect(segments.size).toBe(1);
  for (const key of segments.keys()) segments.set(key, first);
  const tablet = join(await secondDevice(server, "alice", alice.recoveryCode));
  await shows(
    tablet.client,
    id,
    ["one", "two", "three", "four"].map(() => "[before_this_device]"),
  );
  expect(await isRefused(tablet.client)).toBe(true);
});

test("[BK29] bodies that the server moves, swaps or names others' do not open with keys of the backup", async () => {
  const play = await stage();
  const { server, alice, bob, id } = play;
  const said = ["one", "two", "three", "four", "five"];
  for (let count = 1; count <= 5; count += 1) await say(play, alice.client, said.slice(0, count));
  await alice.client.saveBackup();
  const { log } = server.conversations.get(id)!;
  const [one, two] = [log[0]!, log[1]!];
  [one.body, two.body] = [two.body, one.body];
  log[3] = { ...log[3]!, clientMessageId: "no base64url!" as typeof one.clientMessageId };
  log[2] = { ...log[2]!, sender: { ...log[2]!.sender, account: await accountOf(alice.client) } };
  const tablet = join(await secondDevice(server, "alice", alice.recoveryCode));
  await shows(tablet.client, id, ["[broken]", "[broken]", "[broken]", "[broken]", "five"]);
  expect(await texts(bob.client, id)).toEqual(said);
});

/** Blocks of kind 1 in a segment; kind 2 holds public keys of contacts. */
function conversationsIn(plaintext: Buffer): Buffer[] {
  const found: Buffer[] = [];
  for (let at = 0; at < plaintext.length;) {
    const end = at + 5 + plaintext.readUInt32BE(at + 1);
    if (plaintext[at] === 1) found.push(plaintext.subarray(at + 5, end));
    at = end;
  }
  return found;
}

test("[ATTACK 66] a backup holds keys of bodies and nothing else: no session, chain, prekey, device or account key", async () => {
  const server = new FakeServer();
  const witness = new KeyWitness("alice", quickProvider);
  const sealed = { segments: [] as Buffer[], manifests: [] as Buffer[] };
  const isOf = (ad: Uint8Array, name: LabelName) => Buffer.from(ad).indexOf(label(name)) === 0;
  const provider = {
    ...witness.provider,
    seal: (...input: Parameters<typeof witness.provider.seal>) => {
      const [, , plaintext, ad] = input;
      if (isOf(ad, "bseg-ad")) sealed.segments.push(Buffer.from(plaintext));
      if (isOf(ad, "bman-ad")) sealed.manifests.push(Buffer.from(plaintext));
      return witness.provider.seal(...input);
    },
  };
  const alice = join(await person(server, "alice", { environment: { provider } }));
  const bob = join(await person(server, "bob"));
  const { conversationId: id } = await alice.client.startConversation("bob");
  await bob.client.startConversation("alice");
  const said: string[] = [];
  for (let count = 1; count <= 6; count += 1) {
    said.push(`line ${count}`);
    await (count % 2 === 0 ? alice : bob).client.sendText(id, `line ${count}`);
    await Promise.all([shows(alice.client, id, said), shows(bob.client, id, said)]);
  }
  await alice.client.saveBackup();
  await alice.client.exportBackup({ passphrase: "four words by heart" });
  const bodyKeys = new Set(
    sealed.segments
      .flatMap(conversationsIn)
      .flatMap((block) => parseConversationKeys(block).entries)
      .map(({ bodyKey }) => Buffer.from(bodyKey).toString("hex")),
  );
  expect(bodyKeys.size).toBe(6);
  const plaintexts = [...sealed.segments, ...sealed.manifests];
  const { needles } = witness;
  const found = needles.filter(({ bytes }) =>
    plaintexts.some((plaintext) => plaintext.includes(Buffer.from(bytes))),
  );
  expect(found.filter(({ bytes }) => !bodyKeys.has(Buffer.from(bytes).toString("hex")))).toEqual([]);
  expect(found.length).toBe(6);
  expect(needles.length).toBeGreaterThan(300);
});
