/** Passkeys that open the vault, with real clients of the real server. What makes a passkey's output is in test/browser. */
import { afterAll, expect, test } from "vitest";
import { Client } from "#core/client.ts";
import { nobleProvider as provider } from "#core/crypto/noble-provider.ts";
import { eventually, quickPasswordProvider, signUp, testStorage, textOf } from "../support/people.ts";
import { RecordedNetwork } from "../support/recorded-network.ts";
import { startServer } from "../support/server.ts";

const server = await startServer();
const { origin } = server;
const open: Client[] = [];
afterAll(async () => {
  await Promise.allSettled(open.map((client) => client.close()));
  await server.close();
});

async function person(username: string) {
  const made = await signUp(origin, username);
  open.push(made.client);
  return made;
}

async function freshDevice(): Promise<Client> {
  const { environment } = new RecordedNetwork(origin, quickPasswordProvider);
  const client = await Client.open(environment, testStorage());
  open.push(client);
  return client;
}

const passkey = () => ({
  credentialId: provider.random(20),
  salt: provider.random(32),
  output: provider.random(32),
});

test("[AU62] a passkey unlocks the account on a new device, removes devices, and stops when it is removed", async () => {
  const anna = await person("anna");
  const ben = await person("ben");
  const { conversationId } = await ben.client.startConversation("anna");
  await ben.client.sendText(conversationId, "before the new device");
  const { recoveryCode } = anna;
  const [first, second] = [passkey(), passkey()];
  expect(await anna.client.listPasskeys()).toEqual([]);
  const wrongCode = { secret: { recoveryCode: ben.recoveryCode }, passkey: first, name: "x" };
  await expect(anna.client.addPasskey(wrongCode)).rejects.toMatchObject({ code: "wrong_recovery_code" });
  await anna.client.addPasskey({ secret: { recoveryCode }, passkey: first, name: "Chrome on Linux" });
  await anna.client.addPasskey({ secret: { passkey: first }, passkey: second, name: "Safari on iPhone" });
  const { output: _, ...shown } = first;
  expect(await anna.client.listPasskeys()).toEqual([
    { ...shown, name: "Chrome on Linux", addedAtMs: expect.any(Number) },
    expect.objectContaining({ name: "Safari on iPhone" }),
  ]);

  const tablet = await freshDevice();
  const { passkeys } = await tablet.login({ username: "anna", password: anna.password });
  expect(passkeys).toEqual([shown, { credentialId: second.credentialId, salt: second.salt }]);
  const forged = { ...first, output: provider.random(32) };
  for (const refused of [forged, passkey(), { ...second, output: first.output }]) {
    const joining = tablet.completeLogin({ passkey: refused, deviceName: "tablet" });
    await expect(joining).rejects.toMatchObject({ code: "wrong_passkey" });
  }
  await tablet.completeLogin({ passkey: second, deviceName: "tablet" });
  expect(await tablet.accountStatus()).toMatchObject({ state: "signed_in", deviceId: 2 });
  await ben.client.sendText(conversationId, "to both devices");
  await eventually("the conversation", async () => (await tablet.listConversations()).length === 1);
  await eventually("the message", async () => {
    const { messages } = await tablet.listMessages(conversationId, { limit: 5 });
    return messages.some((message) => textOf(message) === "to both devices");
  });

  await tablet.removePasskey({ secret: { passkey: first }, credentialId: first.credentialId });
  await tablet.removePasskey({ secret: { recoveryCode }, credentialId: first.credentialId }); // gone already
  const removing = { deviceId: 1, passkey: first };
  await expect(tablet.removeDevice(removing)).rejects.toMatchObject({ code: "wrong_passkey" });
  await tablet.removeDevice({ deviceId: 1, passkey: second });
  await eventually("signed out", async () => (await anna.client.accountStatus()).state === "ended");
});

test("[AU62] an account has at most five passkeys besides its recovery code", async () => {
  const cleo = await person("cleo");
  const secret = { recoveryCode: cleo.recoveryCode };
  for (let count = 1; count <= 5; count += 1) {
    await cleo.client.addPasskey({ secret, passkey: passkey(), name: `number ${count}` });
  }
  const sixth = cleo.client.addPasskey({ secret, passkey: passkey(), name: "number 6" });
  await expect(sixth).rejects.toMatchObject({ code: "too_many_passkeys" });
  expect((await cleo.client.listPasskeys()).map(({ name }) => name)).toEqual(
    [1, 2, 3, 4, 5].map((count) => `number ${count}`),
  );
});
