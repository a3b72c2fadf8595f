/** Another password, with real clients of the real server. */
import { expect, test } from "vitest";
import { Client } from "#core/client.ts";
import { openCrowd } from "../support/crowd.ts";
import {
  eventually,
  type LivePerson,
  quickPasswordProvider,
  reopen,
  signUp,
  testStorage,
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

async function logIn(username: string, password: string): Promise<string> {
  const { environment } = new RecordedNetwork(origin, quickPasswordProvider);
  const client = await Client.open(environment, testStorage());
  clients.push(client);
  return codeOf(client.login({ username, password }));
}

test("[AU80] [AU82] [AU84] [CL185] changed on one device: the other one is told until its person knows, and both go on", async () => {
  const anna = await person("anna");
  const laptop = await further(anna);
  const next = "another password of anna";
  const wrong = { current: "not the one", next, signOutOthers: true };
  expect(await codeOf(anna.client.changePassword(wrong))).toBe("wrong_credentials");
  const change = { current: anna.password, next, signOutOthers: false };
  expect(await anna.client.changePassword(change)).toEqual({ signedOut: 0 });
  expect([await logIn("anna", anna.password), await logIn("anna", next)]).toEqual([
    "wrong_credentials",
    "accepted",
  ]);

  const known = await eventually("the other device is told", () => told(laptop.client));
  expect(known).toEqual({ changedAtMs: expect.any(Number), device: 1 });
  expect(await anna.client.alarms()).toEqual({});
  const again = await reopen(origin, laptop);
  people.push(again);
  expect(await eventually("told again after a restart", () => told(again.client))).toEqual(known);
  await again.client.acknowledgePassword();
  expect(await again.client.alarms()).toEqual({});
  const later = await reopen(origin, again);
  people.push(later);
  await eventually("online", async () => (await later.client.connectionStatus()).state === "online");
  expect(await later.client.alarms()).toEqual({});

  const phone = await further({ ...anna, password: next });
  await eventually("online", async () => (await phone.client.connectionStatus()).state === "online");
  expect(await phone.client.alarms()).toEqual({});
  expect((await anna.client.listDevices()).map(({ deviceId }) => deviceId)).toEqual([1, 2, 3]);
});

/** The client opened again on a network that loses the first answer about the password. */
async function losingAnAnswer(person: LivePerson): Promise<Client> {
  await person.client.close();
  const { environment } = new RecordedNetwork(origin, quickPasswordProvider);
  let isLost = false;
  const lossy: typeof environment = {
    ...environment,
    async fetch(url, init) {
      const answer = await environment.fetch(url, init);
      if (isLost || !url.endsWith("/auth/password")) return answer;
      isLost = true;
      throw new TypeError("the connection broke");
    },
  };
  const client = await Client.open(lossy, person.storage);
  clients.push(client);
  return client;
}

test("[AU80] [CL185] the answer is lost: the same call again is done, and whoever gives up finds out", async () => {
  const ben = await signUp(origin, "ben");
  const client = await losingAnAnswer(ben);
  const next = "another password of ben";
  const change = { current: ben.password, next, signOutOthers: false };
  expect(await codeOf(client.changePassword(change))).toBe("offline");
  expect(await eventually("told on the same device", () => told(client))).toMatchObject({ device: 1 });
  expect(await client.changePassword(change)).toEqual({ signedOut: 0 });
  expect(await client.alarms()).toEqual({});
  expect(await logIn("ben", next)).toBe("accepted");
});

test("[AU83] whoever asks for it is left alone with this device", async () => {
  const carl = await person("carl");
  const laptop = await further(carl);
  const change = { current: carl.password, next: "another password of carl", signOutOthers: true };
  expect(await carl.client.changePassword(change)).toEqual({ signedOut: 1 });
  await eventually("the other one is out", async () => {
    return (await laptop.client.accountStatus()).state === "ended";
  });
  expect(await carl.client.accountStatus()).toMatchObject({ state: "signed_in" });
  expect((await carl.client.listDevices()).map(({ lastActiveDayMs }) => lastActiveDayMs)).toEqual([
    expect.any(Number),
    undefined,
  ]);
});
