/** The backup as the client writes and reads it, against the fake server. */
import { afterEach, describe, expect, test } from "vitest";
import { Client } from "#core/client.ts";
import type { BackupStatus } from "#core/client-api.ts";
import type { ConversationId } from "#schema/ids.ts";
import { FakeServer } from "#test/support/client/fake-server.ts";
import {
  messages,
  type Person,
  person,
  secondDevice,
  shows,
  testStorage,
  texts,
  until,
} from "#test/support/client/people.ts";

const open: Client[] = [];
const join = <P extends Pick<Person, "client">>(one: P): P => {
  open.push(one.client);
  return one;
};
afterEach(async () => {
  await Promise.all(open.splice(0).map((client) => client.close()));
});

interface Stage {
  readonly server: FakeServer;
  readonly alice: Person;
  readonly bob: Person;
  readonly id: ConversationId;
  readonly said: string[];
}

/** Alice and Bob take turns; Alice has saved everything. */
async function talk(count: number, options: Parameters<typeof person>[2] = {}): Promise<Stage> {
  const server = new FakeServer();
  const alice = join(await person(server, "alice", options));
  const bob = join(await person(server, "bob"));
  const { conversationId: id } = await alice.client.startConversation("bob");
  const said: string[] = [];
  for (let each = 1; each <= count; each += 1) {
    said.push(`line ${each}`);
    await (each % 3 === 0 ? bob : alice).client.sendText(id, `line ${each}`);
    await Promise.all([shows(alice.client, id, said), shows(bob.client, id, said)]);
  }
  await alice.client.saveBackup();
  return { server, alice, bob, id, said };
}

const accountOf = async (client: Client) => {
  const status = await client.accountStatus();
  if (status.state !== "signed_in") throw new Error("not signed in");
  return status.account;
};

async function statusOf(client: Client): Promise<Exclude<BackupStatus, { state: "off" }>> {
  const status = await client.backupStatus();
  if (status.state === "off") throw new Error("no backup");
  return status;
}

describe("writing", () => {
  test("[BK20] sent and received messages are saved, each once; a second save sends nothing", async () => {
    const { server, alice } = await talk(9);
    expect(await statusOf(alice.client)).toEqual({
      state: "on",
      savedAtMs: expect.any(Number),
      savedMessages: 9,
      waitingMessages: 0,
      restoring: undefined,
      refused: false,
    });
    const sent = server.backups.sent.length;
    await alice.client.saveBackup();
    expect(server.backups.sent.length).toBe(sent);
  });

  test("[BK21] segments are joined as they grow: many saves leave few of them", async () => {
    const { server, alice, bob, id, said } = await talk(1);
    for (let each = 2; each <= 40; each += 1) {
      said.push(`line ${each}`);
      await alice.client.sendText(id, `line ${each}`);
      await shows(bob.client, id, said);
      await until(async () => (await messages(alice.client, id)).at(-1)?.seq === each);
      await alice.client.saveBackup();
    }
    expect(await statusOf(alice.client)).toMatchObject({ savedMessages: 40, waitingMessages: 0 });
    const { segments } = server.backups.of(await accountOf(alice.client));
    expect(segments.size).toBeLessThanOrEqual(Math.ceil(Math.log2(41)));
    const tablet = join(await secondDevice(server, "alice", alice.recoveryCode));
    await shows(tablet.client, id, said);
  });

  test("[BK22] what a server lost or went back on is written again above it", async () => {
    const { server, alice, bob, id, said } = await talk(5);
    const backup = server.backups.of(await accountOf(alice.client));
    backup.manifests.clear();
    backup.segments.clear();
    said.push("after");
    await bob.client.sendText(id, "after");
    await shows(alice.client, id, said);
    await alice.client.saveBackup();
    expect(await statusOf(alice.client)).toMatchObject({ savedMessages: 6, waitingMessages: 0 });
    const tablet = join(await secondDevice(server, "alice", alice.recoveryCode));
    await shows(tablet.client, id, said);
  });

  test("[BK23] a full backup is told and keeps nobody from writing; with space again everything goes", async () => {
    const { server, alice, bob, id, said } = await talk(2);
    server.backups.isFull = true;
    said.push("more");
    await bob.client.sendText(id, "more");
    await shows(alice.client, id, said);
    await expect(alice.client.saveBackup()).rejects.toMatchObject({ code: "backup_full" });
    expect(await statusOf(alice.client)).toMatchObject({ state: "full", waitingMessages: 1 });
    await alice.client.sendText(id, "still here");
    await shows(bob.client, id, [...said, "still here"]);
    server.backups.isFull = false;
    await alice.client.saveBackup();
    expect(await statusOf(alice.client)).toMatchObject({ state: "on", savedMessages: 4, waitingMessages: 0 });
  });
});

describe("coming back", () => {
  test("[BK24] a new device shows the conversation at once, with all that was said, read as it was", async () => {
    const { server, alice, bob, id, said } = await talk(12);
    await bob.client.markRead(id, 12);
    await until(async () => (await messages(alice.client, id)).at(-2)?.delivery === "read");
    const before = await messages(alice.client, id);
    await alice.client.close();
    const again = join(await secondDevice(server, "alice", alice.recoveryCode));
    await shows(again.client, id, said);
    await again.client.openConversation(id);
    await until(async () =>
      (await messages(again.client, id)).every(({ mine, delivery }) => !mine || delivery === "read"),
    );
    expect(await messages(again.client, id)).toEqual(before);
    const [row] = await again.client.listConversations();
    expect(row).toMatchObject({ preview: { content: { type: "text", text: "line 12" } }, unread: 4 });
    await again.client.sendText(id, "and on");
    await shows(bob.client, id, [...said, "and on"]);
  });

  test("[BK25] a message whose key is not in the backup is a placeholder, and opens when the key comes", async () => {
    const { server, alice, bob, id, said } = await talk(3);
    await bob.client.sendText(id, "unsaved");
    await shows(alice.client, id, [...said, "unsaved"]);
    const tablet = join(await secondDevice(server, "alice", alice.recoveryCode));
    await shows(tablet.client, id, [...said, "[before_this_device]"]);
    const archive = await alice.client.exportBackup({ passphrase: "four words by heart" });
    await tablet.client.importBackup({ archive, passphrase: "four words by heart" });
    await shows(tablet.client, id, [...said, "unsaved"]);
  });

  test("[BK26] only segments that may hold what is looked at are waited for, all others come behind", async () => {
    const { server, alice, id, said } = await talk(6);
    const tablet = join(await secondDevice(server, "alice", alice.recoveryCode));
    await shows(tablet.client, id, said);
    await until(async () => (await statusOf(tablet.client)).restoring === undefined);
    const fetched = server.backups.fetched.length;
    expect(new Set(server.backups.fetched).size).toBe(fetched);
    await texts(tablet.client, id);
    expect(server.backups.fetched.length).toBe(fetched);
    expect(await statusOf(tablet.client)).toMatchObject({ savedMessages: 6, refused: false });
  });

  test("[BK27] a device that joined later is backed up on its own: a third one reads both", async () => {
    const { server, alice, bob, id, said } = await talk(4);
    const tablet = join(await secondDevice(server, "alice", alice.recoveryCode));
    await shows(tablet.client, id, said);
    await alice.client.close();
    for (const text of ["five", "six"]) {
      said.push(text);
      await tablet.client.sendText(id, text);
      await shows(bob.client, id, said);
      await shows(tablet.client, id, said);
    }
    await tablet.client.saveBackup();
    await tablet.client.close();
    const third = join(await secondDevice(server, "alice", alice.recoveryCode));
    await shows(third.client, id, said);
  });
});

describe("files", () => {
  const passphrase = "four words by heart";

  test("[BK30] a file brings everything back without the server's backup; taken in twice it adds nothing", async () => {
    const { server, alice, id, said } = await talk(7);
    const archive = await alice.client.exportBackup({ passphrase });
    const backup = server.backups.of(await accountOf(alice.client));
    backup.manifests.clear();
    backup.segments.clear();
    const tablet = join(await secondDevice(server, "alice", alice.recoveryCode));
    await shows(
      tablet.client,
      id,
      said.map(() => "[before_this_device]"),
    );
    expect(await tablet.client.importBackup({ archive, passphrase })).toEqual({ added: 7 });
    expect(await tablet.client.importBackup({ archive, passphrase })).toEqual({ added: 0 });
    expect(await alice.client.importBackup({ archive, passphrase })).toEqual({ added: 0 });
    await shows(tablet.client, id, said);
    await tablet.client.saveBackup();
    expect(await statusOf(tablet.client)).toMatchObject({ savedMessages: 7 });
  });

  test("[BK31] another passphrase, another account's file and a damaged one are told apart and change nothing", async () => {
    const { alice, bob, id, said } = await talk(2);
    const archive = await alice.client.exportBackup({ passphrase });
    const fails = async (client: Client, file: Uint8Array, by: string, code: string) => {
      await expect(client.importBackup({ archive: file, passphrase: by })).rejects.toMatchObject({ code });
    };
    await fails(alice.client, archive, "four words by hart", "wrong_passphrase");
    await fails(bob.client, archive, passphrase, "wrong_archive");
    await fails(alice.client, archive.subarray(0, -1), passphrase, "wrong_archive");
    await fails(
      alice.client,
      archive.with(archive.length - 5, archive.at(-5)! ^ 1),
      passphrase,
      "wrong_archive",
    );
    await fails(alice.client, new TextEncoder().encode("a holiday picture"), passphrase, "wrong_archive");
    expect(await texts(alice.client, id)).toEqual(said);
  });

  test("[BK32] a file sealed under the recovery code opens with it, typed with slips", async () => {
    const { alice } = await talk(2);
    const archive = await alice.client.exportBackup({ passphrase: alice.recoveryCode });
    const sloppy = alice.recoveryCode.toLowerCase().replaceAll("-", " ");
    expect(await alice.client.importBackup({ archive, passphrase: sloppy })).toEqual({ added: 0 });
    const wrong = alice.client.importBackup({ archive, passphrase });
    await expect(wrong).rejects.toMatchObject({ code: "wrong_passphrase" });
  });
});

test("[BK28] an account entered before devices kept the backup root has none, and works as before", async () => {
  const server = new FakeServer();
  const storage = testStorage();
  const alice = await person(server, "alice", { storage });
  await alice.client.close();
  const { openRecords } = await import("#core/store/client-storage.ts");
  const { accountKey, accountTable } = await import("#core/store/tables.ts");
  const records = await openRecords(server.environment(), storage);
  await records.transact(async (transaction) => {
    const { backupRoot: _, ...rest } = (await transaction.get(accountTable, accountKey))!;
    transaction.put(accountTable, accountKey, rest);
  });
  const client = await Client.open(server.environment(), storage);
  join({ client });
  expect(await client.backupStatus()).toEqual({ state: "off" });
  await client.saveBackup();
  expect(server.backups.sent).toEqual([]);
});
