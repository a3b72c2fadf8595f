/** A forgotten password, with real clients of the real server: on a device that is signed in, and in a new browser. */
import { expect, test } from "vitest";
import { Client } from "#core/client.ts";
import { nobleProvider as provider } from "#core/crypto/noble-provider.ts";
import { openCrowd } from "../support/crowd.ts";
import {
  allMessages,
  eventually,
  isOnline,
  type LivePerson,
  quickPasswordProvider,
  reopen,
  testStorage,
  textOf,
} from "../support/people.ts";
import { RecordedNetwork } from "../support/recorded-network.ts";

const { server, people, clients, person, further } = await openCrowd();
const { origin } = server;

const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "accepted",
    (error: unknown) => (error as { code?: string }).code ?? String(error),
  );
const told = async (client: Client) => (await client.alarms()).password;

/** A browser, unused unless given its storage; `before` runs ahead of every call, and fails it where it throws. */
async function browser(
  before: (url: string) => Promise<void> = async () => undefined,
  storage = testStorage(),
): Promise<Client> {
  const { environment } = new RecordedNetwork(origin, quickPasswordProvider);
  const watched: typeof environment = {
    ...environment,
    async fetch(url, init) {
      await before(url);
      return environment.fetch(url, init);
    },
  };
  const client = await Client.open(watched, storage);
  clients.push(client);
  return client;
}
const logIn = async (username: string, password: string): Promise<string> =>
  codeOf((await browser()).login({ username, password }));

const passkey = () => ({
  credentialId: provider.random(20),
  salt: provider.random(32),
  output: provider.random(32),
});

/** Recovery of `someone`'s account in a new browser. */
const recovery = ({ username, recoveryCode }: LivePerson, password: string) => ({
  username,
  recoveryCode,
  password,
  deviceName: "new browser",
});

test("[AU85] [AU86] [CL187] signed in: the recovery code or a passkey stands in for the old password, a wrong one changes nothing", async () => {
  const anna = await person("anna");
  const ben = await person("ben");
  const laptop = await further(anna);
  const [known, stranger] = [passkey(), passkey()];
  const { recoveryCode } = anna;
  await anna.client.addPasskey({ secret: { recoveryCode }, passkey: known, name: "Chrome on Linux" });
  const change = (current: Parameters<Client["changePassword"]>[0]["current"], next: string) =>
    anna.client.changePassword({ current, next, signOutOthers: false });
  expect(await codeOf(change({ recoveryCode: ben.recoveryCode }, "not to be set"))).toBe(
    "wrong_recovery_code",
  );
  expect(await codeOf(change({ passkey: stranger }, "not to be set"))).toBe("wrong_passkey");
  expect(await codeOf(change({ passkey: { ...known, output: stranger.output } }, "x"))).toBe("wrong_passkey");
  expect(await laptop.client.alarms()).toEqual({});
  expect(await logIn("anna", anna.password)).toBe("accepted");

  expect(await change({ recoveryCode }, "set by the code")).toEqual({ signedOut: 0 });
  const first = await eventually("the laptop is told", () => told(laptop.client));
  expect(first).toEqual({ changedAtMs: expect.any(Number), device: 1 });
  expect(await change({ passkey: known }, "set by a passkey")).toEqual({ signedOut: 0 });
  await eventually("told again", async () => (await told(laptop.client))?.changedAtMs !== first.changedAtMs);
  expect(await anna.client.alarms()).toEqual({});
  const answers = [anna.password, "set by the code", "set by a passkey"].map((each) => logIn("anna", each));
  expect(await Promise.all(answers)).toEqual(["wrong_credentials", "wrong_credentials", "accepted"]);
});

test("[AU86] [CL187] the password is changed elsewhere between signing and sending: it is signed again, and the later change counts", async () => {
  const hans = await person("hans");
  const laptop = await further(hans);
  const { recoveryCode } = hans;
  const change = (next: string) => ({ current: { recoveryCode }, next, signOutOthers: false });
  await hans.client.close();
  let calls = 0;
  const first = await browser(async (url) => {
    if (!url.endsWith("/auth/password")) return;
    calls += 1;
    if (calls === 1) await laptop.client.changePassword(change("set in between"));
  }, hans.storage);
  expect(await first.changePassword(change("set afterwards"))).toEqual({ signedOut: 0 });
  expect(calls).toBe(2);
  expect([await logIn("hans", "set in between"), await logIn("hans", "set afterwards")]).toEqual([
    "wrong_credentials",
    "accepted",
  ]);
});

test("[AU85] [AU83] whoever has a device and changed the password is put out by the owner's code", async () => {
  const carl = await person("carl");
  const thief = await further(carl);
  await thief.client.changePassword({
    current: carl.password,
    next: "the thief's own",
    signOutOthers: false,
  });
  await eventually("the owner is told", () => told(carl.client));
  const { recoveryCode } = carl;
  const change = { current: { recoveryCode }, next: "the owner's own", signOutOthers: true };
  expect(await carl.client.changePassword(change)).toEqual({ signedOut: 1 });
  await eventually("the thief is out", async () => (await thief.client.accountStatus()).state === "ended");
  expect([await logIn("carl", "the thief's own"), await logIn("carl", "the owner's own")]).toEqual([
    "wrong_credentials",
    "accepted",
  ]);
});

test("[AU87] [CL187] [AU82] a new browser: name and code bring everything back and set the password, and the old device is told", async () => {
  const dora = await person("dora");
  const emil = await person("emil");
  const { conversationId } = await dora.client.startConversation("emil");
  await dora.client.sendText(conversationId, "written before");
  await eventually("it arrives", async () => (await emil.client.listConversations()).length === 1);
  await dora.client.saveBackup();

  const fresh = await browser();
  const wrong = { ...recovery(dora, "the new password"), recoveryCode: emil.recoveryCode };
  expect(await codeOf(fresh.recoverAccount(wrong))).toBe("wrong_credentials");
  const mistyped = { ...wrong, recoveryCode: "ABCDE" };
  expect(await codeOf(fresh.recoverAccount(mistyped))).toBe("wrong_recovery_code");
  expect(await codeOf(fresh.recoverAccount({ ...recovery(dora, "x"), username: "nobody" }))).toBe(
    "wrong_credentials",
  );
  expect(await fresh.accountStatus()).toEqual({ state: "signed_out" });
  expect(await logIn("dora", dora.password)).toBe("accepted");

  expect(await fresh.recoverAccount(recovery(dora, "the new password"))).toEqual({ isPasswordSet: true });
  expect(await fresh.accountStatus()).toMatchObject({ state: "signed_in", username: "dora", deviceId: 2 });
  await eventually("what was said before", async () => {
    const [one] = await fresh.listConversations();
    return (
      one !== undefined &&
      (await allMessages(fresh, one.conversationId)).some((m) => textOf(m) === "written before")
    );
  });
  expect(await eventually("the old device is told", () => told(dora.client))).toMatchObject({ device: 2 });
  expect(await dora.client.recentDevices()).toEqual([2]);
  expect(await fresh.alarms()).toEqual({});
  expect([await logIn("dora", dora.password), await logIn("dora", "the new password")]).toEqual([
    "wrong_credentials",
    "accepted",
  ]);
});

test("[CL187] the password could not be set: the browser has joined and says so, and the code sets it later", async () => {
  const fred = await person("fred");
  let isBroken = true;
  const fresh = await browser(async (url) => {
    if (isBroken && url.endsWith("/auth/password")) throw new TypeError("no connection");
  });
  expect(await fresh.recoverAccount(recovery(fred, "the new password"))).toEqual({ isPasswordSet: false });
  expect(await fresh.accountStatus()).toMatchObject({ state: "signed_in", deviceId: 2 });
  expect(await logIn("fred", fred.password)).toBe("accepted");
  isBroken = false;
  const { recoveryCode } = fred;
  await fresh.changePassword({ current: { recoveryCode }, next: "the new password", signOutOthers: false });
  expect(await logIn("fred", "the new password")).toBe("accepted");
});

test("[AU87] where the session of this device was ended, the code brings it back as a new one", async () => {
  const gina = await person("gina");
  const other = await further(gina);
  await other.client.changePassword({
    current: gina.password,
    next: "forgotten at once",
    signOutOthers: true,
  });
  await eventually("out", async () => (await gina.client.accountStatus()).state === "ended");
  expect(await gina.client.recoverAccount(recovery(gina, "remembered now"))).toEqual({ isPasswordSet: true });
  expect(await gina.client.accountStatus()).toMatchObject({ state: "signed_in", deviceId: 3 });
  const again = await reopen(origin, gina);
  people.push(again);
  await eventually("online", () => isOnline(again.client));
});
