/**
 * Reports from a real client over the real server to the operator's tool (CRYPTO 2.14). What this does not show: that moderators act, and
 * that an operator who changes the app's build could not put in another key.
 */
import { spawnSync } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Client } from "#core/client.ts";
import { nobleProvider as provider } from "#core/crypto/noble-provider.ts";
import { openReport, sealReport } from "#core/crypto/report/sealed-report.ts";
import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";
import type { ConversationId } from "#schema/ids.ts";
import { limits } from "#schema/limits.ts";
import { frankingKey } from "#worker/secrets.ts";
import { everyoneHas } from "../support/group-stage.ts";
import { allMessages, eventually, type LivePerson, signUp } from "../support/people.ts";
import { rawRequest } from "../support/raw-account.ts";
import { RecordedNetwork } from "../support/recorded-network.ts";
import { startServer, type TestServer } from "../support/server.ts";

const root = path.resolve(import.meta.dirname, "../..");
const secret = provider.random(32);
const moderator = { secret, pub: provider.x25519PublicKey(secret) };

let server: TestServer;
let anna: LivePerson;
let ben: LivePerson;
let carl: LivePerson;
let conversationId: ConversationId;

interface Row {
  readonly report_id: string;
  readonly reporter: string;
  readonly received_at_ms: number;
  readonly sealed: string;
}

function storedReports(): Row[] {
  for (const file of globSync("**/*.sqlite", { cwd: server.state })) {
    const database = new DatabaseSync(path.join(server.state, file), { readOnly: true, timeout: 5_000 });
    const has = database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'reports'").get();
    const rows = has && database.prepare("SELECT * FROM reports ORDER BY received_at_ms, rowid").all();
    database.close();
    if (rows !== undefined) return rows as unknown as Row[];
  }
  throw new Error("there is no table of reports");
}

/** What the operator sees. */
async function operate(
  rows: readonly Row[],
  reportKey = secret,
): Promise<{ output: string; code: number | null }> {
  const serverSecret =
    /^SERVER_SECRET='(.*)'$/m.exec(readFileSync(path.join(root, ".dev.vars"), "utf8"))?.[1] ?? "";
  const tool = spawnSync(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", path.join(root, "frontend/cli/reports.ts"), "open"],
    {
      cwd: root,
      encoding: "utf8",
      input: JSON.stringify([{ results: rows, success: true }]),
      env: {
        ...process.env,
        SOTTO_REPORT_KEY: encodeBase64url(reportKey),
        SOTTO_FRANKING_KEY: encodeBase64url(await frankingKey(serverSecret)),
      },
    },
  );
  return { output: tool.stdout + tool.stderr, code: tool.status };
}

async function reporter(username: string): Promise<LivePerson> {
  const person = await signUp(server.origin, username);
  await person.client.close();
  const network = new RecordedNetwork(server.origin, provider);
  const environment = { ...network.environment, reportKey: moderator.pub };
  return { ...person, network, client: await Client.open(environment, person.storage) };
}

async function accountOf(person: LivePerson): Promise<string> {
  const status = await person.client.accountStatus();
  return status.state === "signed_in" ? status.account : "";
}

const said = ["hello", "how are you", "something bad", "and something harmless"];

beforeAll(async () => {
  server = await startServer({ reportPublicKey: encodeBase64url(moderator.pub) });
  anna = await signUp(server.origin, "anna");
  ben = await reporter("ben");
  carl = await reporter("carl");
  await carl.client.listSessions(); // a first request that carries its token
  ({ conversationId } = await anna.client.startConversation("ben"));
  for (const text of said) await anna.client.sendText(conversationId, text);
  await eventually("everything arrived", async () => {
    const known = await ben.client.listConversations();
    return known.length > 0 && (await allMessages(ben.client, conversationId)).length === said.length;
  });
});
afterAll(async () => {
  await Promise.all([anna, ben, carl].map(({ client }) => client.close()));
  await server.close();
});

const bad = { seq: 3, reason: "abuse", note: "please look at this", previous: 1 } as const;

describe("a report", () => {
  test("[RP2] [RP4] [RP5] [ATTACK 67] reaches the operator sealed, who sees what was said, by whom, where and when", async () => {
    await ben.client.reportMessage({ conversationId, ...bad });
    const [row, ...others] = storedReports();
    expect(others).toEqual([]);
    expect(row).toEqual({
      report_id: expect.stringMatching(/^[\w-]{22}$/),
      reporter: await accountOf(ben),
      received_at_ms: expect.any(Number),
      sealed: expect.any(String),
    });
    const everywhere = [...ben.network.wire.map(({ text }) => text), server.output()].join("\n");
    expect(everywhere).not.toMatch(/something bad|please look at this/);
    const { output, code } = await operate([row!]);
    expect(code).toBe(0);
    const sender = await accountOf(anna);
    const shown = output.split("\n").filter((line) => line.includes("verified"));
    expect(shown).toHaveLength(2);
    expect(shown[0]).toContain(`${conversationId}/3 by ${sender}.1`);
    expect(shown[0]).toContain('"something bad"');
    expect(shown[1]).toContain(`${conversationId}/2 by ${sender}.1`);
    expect(output).toContain("reason: abuse");
    expect(output).toContain('"please look at this"');
    expect(output).not.toMatch(/hello|harmless|REFUSED/);
  });

  test("[RP4] [ATTACK 67] altered, blamed on another, moved, or under another's name: the tool refuses it", async () => {
    const [row] = storedReports();
    const own = decodeBase64url(row!.reporter);
    const report = openReport(provider, moderator, own, decodeBase64url(row!.sealed));
    const [message, ...rest] = report.messages;
    const flip = (bytes: Uint8Array): Uint8Array<ArrayBuffer> =>
      Uint8Array.from(bytes, (byte, at) => (at === 5 ? byte ^ 1 : byte));
    const forgeries = [
      { ...message!, encoded: flip(message!.encoded) },
      { ...message!, senderAccountId: own },
      { ...message!, conversationId: flip(message!.conversationId) },
      { ...message!, sequence: 2 },
      { ...message!, serverTimeMs: message!.serverTimeMs + 1 },
      { ...message!, tag: flip(message!.tag) },
    ];
    for (const forged of forgeries) {
      const sealed = sealReport(provider, moderator.pub, { ...report, messages: [forged, ...rest] });
      const { output, code } = await operate([{ ...row!, sealed: encodeBase64url(sealed) }]);
      expect([code, output]).toEqual([1, expect.stringMatching(/REFUSED .*: BAD_(SIGNATURE|COMMITMENT)/)]);
      expect(output).not.toContain("something bad");
    }
    const broken = encodeBase64url(flip(decodeBase64url(row!.sealed)));
    for (const refused of [
      { ...row!, sealed: broken },
      { ...row!, reporter: await accountOf(carl) },
    ]) {
      expect(await operate([refused])).toEqual({
        code: 1,
        output: expect.stringContaining("REFUSED: BAD_TAG"),
      });
    }
    const others = provider.random(32);
    expect((await operate([row!], others)).output).toContain("REFUSED: BAD_TAG");
  });

  test("[RP3] where the app knows no moderators nothing is sent", async () => {
    const before = anna.network.wire.length;
    expect(await anna.client.canReport()).toBe(false);
    const own = { conversationId, ...bad };
    await expect(anna.client.reportMessage(own)).rejects.toMatchObject({ code: "cannot_report" });
    expect(anna.network.wire.slice(before).filter(({ place }) => place === "request")).toEqual([]);
  });

  test("[RP6] [ATTACK 67] what was said in a group is proven as well", async () => {
    const { conversationId: groupId } = await anna.client.createGroup({
      name: "Choir",
      usernames: ["ben", "carl"],
    });
    for (const text of ["in front of all", "something worse"]) await anna.client.sendText(groupId, text);
    await everyoneHas([ben], groupId, "anna: something worse");
    const worse = (await allMessages(ben.client, groupId)).at(-1)!;
    const reported = { conversationId: groupId, ...bad, seq: worse.seq!, previous: 5 };
    await ben.client.reportMessage(reported);
    const { output, code } = await operate(storedReports().slice(-1));
    expect(code).toBe(0);
    const shown = output.split("\n").filter((line) => line.includes("verified"));
    expect(shown).toHaveLength(2);
    expect(shown[0]).toContain(`${groupId}/${worse.seq} by ${await accountOf(anna)}.1`);
    expect(shown[0]).toContain('"something worse"');
    expect(shown[1]).toContain('"in front of all"');
    expect(output).not.toMatch(/Choir|REFUSED/);
    const created = { ...reported, seq: 1 };
    await expect(ben.client.reportMessage(created)).rejects.toMatchObject({ code: "cannot_report" });
  });

  test("[RP5] more previous messages than there are, or than six in all, are as many as there are", async () => {
    await ben.client.reportMessage({ conversationId, ...bad, seq: 2, previous: 5 });
    const { output } = await operate(storedReports().slice(-1));
    expect(output.match(/verified/g)).toHaveLength(2);
    await expect(ben.client.reportMessage({ conversationId, ...bad, seq: 999 })).rejects.toMatchObject({
      code: "cannot_report",
    });
  });
});

describe("the server", () => {
  const post = (person: LivePerson, place: string, body: unknown) =>
    rawRequest(server.origin, "POST", place, { token: person.network.accessToken, json: body });
  const tagsOf = `/api/conversations/`;

  test("[RP1] gives tags to members for messages, and to nobody else and for nothing else", async () => {
    const mine = await post(ben, `${tagsOf}${conversationId}/tags`, { sequences: [1, 3] });
    expect(mine).toMatchObject({
      status: 200,
      body: { data: { tags: [{ seq: 1, tag: expect.stringMatching(/^[\w-]{43}$/) }, { seq: 3 }] } },
    });
    for (const [person, sequences, code] of [
      [carl, [1], "not_found"],
      [ben, [5], "not_found"],
      [ben, [1, 2, 3, 4, 5, 6, 7], "malformed"],
      [ben, [2, 1], "malformed"],
      [ben, [1, 1], "malformed"],
      [ben, [1, 101], "malformed"],
      [ben, [0], "malformed"],
      [ben, [], "malformed"],
    ] as const) {
      const answer = await post(person, `${tagsOf}${conversationId}/tags`, { sequences });
      expect([sequences, answer.body]).toEqual([
        sequences,
        expect.objectContaining({ success: false, error: expect.objectContaining({ code }) }),
      ]);
    }
  });

  test("[RP3] refuses the report of a stranger, and more than a day's from one account", async () => {
    const before = storedReports().length;
    const body = { conversation: conversationId, sealed: encodeBase64url(new Uint8Array(200)) };
    expect(await post(carl, "/api/reports", body)).toMatchObject({ status: 404 });
    expect(storedReports().length).toBe(before);
    const codes: number[] = [];
    for (let count = before; count <= limits.reportsPerDay; count += 1) {
      codes.push((await post(ben, "/api/reports", body)).status);
    }
    expect(codes.slice(0, -1).every((status) => status === 200)).toBe(true);
    expect(codes.at(-1)).toBe(429);
    expect(storedReports().length).toBe(limits.reportsPerDay);
    const large = { ...body, sealed: encodeBase64url(new Uint8Array(limits.reportBytes + 1)) };
    expect(await post(ben, "/api/reports", large)).toMatchObject({ status: 400 });
  });

  test("[RP3] takes none where the operator has set no key", async () => {
    const off = await startServer();
    const dora = await signUp(off.origin, "dora");
    await dora.client.listSessions();
    try {
      const body = { conversation: conversationId, sealed: encodeBase64url(new Uint8Array(200)) };
      const token = dora.network.accessToken;
      expect(await rawRequest(off.origin, "POST", "/api/reports", { token, json: body })).toMatchObject({
        status: 404,
      });
    } finally {
      await dora.client.close();
      await off.close();
    }
  });
});
