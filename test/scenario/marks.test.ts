/** Marks about contacts follow the person, with real clients of the real server. */
import { expect, test } from "vitest";
import type { Client } from "#core/client.ts";
import type { AccountId } from "#schema/ids.ts";
import { openCrowd } from "../support/crowd.ts";
import { eventually } from "../support/people.ts";

const { person, further } = await openCrowd();

async function trustIn(client: Client) {
  const [view] = await client.listConversations();
  return view?.kind === "direct" ? view.peerTrust : undefined;
}

function isVerified(client: Client, wanted: boolean): Promise<unknown> {
  return eventually(`verified: ${wanted}`, async () => (await trustIn(client))?.verified === wanted);
}

test("[VF11] [VF13] a mark is on every device of the person, and there again after all of them were lost", async () => {
  const [anna, ben] = [await person("mark.anna"), await person("mark.ben")];
  const tablet = await further(anna);
  await anna.client.startConversation("mark.ben");
  const status = await ben.client.accountStatus();
  const bensId = (status.state === "signed_in" ? status.account : "") as AccountId;
  const { key } = await anna.client.safetyNumber(bensId);
  await tablet.client.startConversation("mark.ben");
  await tablet.client.safetyNumber(bensId);
  await anna.client.markVerified(bensId, key);
  await isVerified(tablet.client, true);
  await tablet.client.clearVerified(bensId);
  await isVerified(anna.client, false);
  await anna.client.markVerified(bensId, key);
  await isVerified(tablet.client, true);
  await tablet.client.saveBackup();
  for (const { client } of [anna, tablet]) {
    await client.logout("device");
    await client.close();
  }
  const again = await further(anna);
  await again.client.startConversation("mark.ben");
  await isVerified(again.client, true);
  expect(await trustIn(again.client)).toEqual({
    verified: true,
    held: false,
    keyChangesMs: [],
    contradicted: false,
  });
  expect((await again.client.safetyNumber(bensId)).key).toBe(key);
});
