/** Linking a device with real clients of the real server: both directions, every form of code, and whoever disturbs it. */
import { afterAll, describe, expect, test } from "vitest";
import { Client } from "#core/client.ts";
import type { LinkStatus, LinkWay } from "#core/client-api.ts";
import { createDeviceKeys } from "#core/crypto/device-identity.ts";
import { parseLinkCode } from "#core/crypto/link/link-code.ts";
import { sealLinkProof, sealLinkRequest } from "#core/crypto/link/link-request.ts";
import { nobleProvider as provider } from "#core/crypto/noble-provider.ts";
import { encodeBase64url } from "#schema/envelope/base64url.ts";
import type { DeviceDirectory, DeviceEnrolment } from "#schema/http/devices.ts";
import type { ConversationId } from "#schema/ids.ts";
import { limits } from "#schema/limits.ts";
import { enrolmentOnTop } from "../support/client/key-reset.ts";
import {
  allMessages,
  eventually,
  isOnline,
  type LivePerson,
  quickPasswordProvider,
  signUp,
  testStorage,
  textOf,
} from "../support/people.ts";
import { rawRequest } from "../support/raw-account.ts";
import { RecordedNetwork } from "../support/recorded-network.ts";
import { startServer } from "../support/server.ts";

const server = await startServer();
const { origin } = server;
const open: Client[] = [];
afterAll(async () => {
  await Promise.allSettled(open.map((client) => client.close()));
  await server.close();
});

async function signUpHere(username: string): Promise<LivePerson> {
  const person = await signUp(origin, username);
  open.push(person.client);
  return person;
}

interface Fresh {
  readonly client: Client;
  /** Moves its clock. */
  aheadMs: number;
}

/** A device without an account. `doctored` changes the directories that the server gives it. */
async function freshDevice(doctored?: (directory: DeviceDirectory) => DeviceDirectory): Promise<Fresh> {
  const { environment } = new RecordedNetwork(origin, quickPasswordProvider);
  const fresh = { aheadMs: 0 };
  const fetch: typeof environment.fetch = async (url, init) => {
    const answer = await environment.fetch(url, init);
    if (doctored === undefined || !/accounts\/[\w-]+\/devices/.test(url)) return answer;
    const body = (await answer.json()) as { data: DeviceDirectory };
    return Response.json({ ...body, data: doctored(body.data) });
  };
  const client = await Client.open(
    { ...environment, fetch, nowMs: () => environment.nowMs() + fresh.aheadMs },
    testStorage(),
  );
  open.push(client);
  return Object.assign(fresh, { client });
}

async function reached<State extends LinkStatus["state"]>(
  client: Client,
  state: State,
): Promise<Extract<LinkStatus, { state: State }>> {
  const status = await eventually(`link ${state}`, async () => {
    const now = await client.linkStatus();
    return now.state === state || now.state === "failed" ? now : undefined;
  });
  if (status.state !== state) throw new Error(`${state}: ${JSON.stringify(status)}`);
  return status as Extract<LinkStatus, { state: State }>;
}

const deviceName = "Fresh device";

/** The code goes from the screen of one to the other. */
async function meet(
  person: LivePerson,
  fresh: Client,
  shownBy: "new" | "old",
  form: "scan" | "type",
): Promise<void> {
  const { recoveryCode } = person;
  const begin = {
    new: (way: LinkWay) => fresh.joinByLink({ deviceName, ...way }),
    old: (way: LinkWay) => person.client.linkDevice({ recoveryCode, ...way }),
  };
  await begin[shownBy]({ show: form });
  const { code } = await reached(shownBy === "new" ? fresh : person.client, "showing");
  await begin[shownBy === "new" ? "old" : "new"]({ code });
}

async function comparing(person: LivePerson, fresh: Client): Promise<void> {
  expect(await reached(person.client, "confirm")).toMatchObject({ deviceName });
  await person.client.approveLink();
  await reached(person.client, "compare");
  await reached(fresh, "compare");
}

async function shows(client: Client, conversationId: ConversationId, message: string): Promise<void> {
  await eventually(message, async () => {
    const known = (await client.listConversations()).some((one) => one.conversationId === conversationId);
    return known && (await allMessages(client, conversationId)).map(textOf).includes(message);
  });
}

async function namesOf(client: Client): Promise<string[]> {
  return (await client.listDevices()).map((device) => device.deviceName);
}

describe("a link", () => {
  test.each([
    ["new", "scan"],
    ["new", "type"],
    ["old", "scan"],
    ["old", "type"],
  ] as const)(
    "[LK20] [LK21] the %s device shows a code to %s: both see the same emoji, and the account has a device more",
    async (shownBy, form) => {
      const person = await signUpHere(`${shownBy}.${form}`);
      const peer = await signUpHere(`peer.of.${shownBy}.${form}`);
      const { conversationId } = await peer.client.startConversation(person.username);
      await peer.client.sendText(conversationId, "from before");
      await shows(person.client, conversationId, "from before");
      await person.client.saveBackup();
      const { client: fresh } = await freshDevice();
      await meet(person, fresh, shownBy, form);
      await comparing(person, fresh);
      const [here, there] = [await reached(person.client, "compare"), await reached(fresh, "compare")];
      expect(there.emoji).toEqual(here.emoji);
      await person.client.approveLink();
      await reached(person.client, "done");
      await eventually("online", () => isOnline(fresh));
      expect(await fresh.accountStatus()).toMatchObject({
        state: "signed_in",
        username: person.username,
        deviceId: 2,
      });
      expect(await namesOf(fresh)).toEqual([`${person.username} one`, deviceName]);

      expect(await person.client.recentDevices()).toEqual([2]);
      expect(await fresh.recentDevices()).toEqual([]);
      await peer.client.sendText(conversationId, "for both of you");
      for (const client of [person.client, fresh]) await shows(client, conversationId, "for both of you");
      await shows(fresh, conversationId, "from before");
    },
  );

  test("[VF10] [ATTACK 17] a linked device knows whom its person has verified, and holds messages when the server gives it another key", async () => {
    const [person, peer] = [await signUpHere("careful"), await signUpHere("compared")];
    const { conversationId } = await peer.client.startConversation("careful");
    await peer.client.sendText(conversationId, "hello");
    await shows(person.client, conversationId, "hello");
    const trustOf = async (client: Client) => {
      const view = (await client.listConversations()).find((one) => one.conversationId === conversationId);
      return view?.kind === "direct" ? { account: view.peer.account, ...view.peerTrust } : undefined;
    };
    const { account } = (await trustOf(person.client))!;
    const { key, groups } = await person.client.safetyNumber(account);
    await person.client.markVerified(account, key);
    const link = async (fresh: Client): Promise<void> => {
      await meet(person, fresh, "new", "type");
      await comparing(person, fresh);
      await person.client.approveLink();
      await eventually("the conversation is there", async () => {
        return (await isOnline(fresh)) && (await trustOf(fresh)) !== undefined;
      });
    };

    const { client: honest } = await freshDevice();
    await link(honest);
    const marked = { account, verified: true, held: false, keyChangesMs: [], contradicted: false };
    expect(await trustOf(honest)).toEqual(marked);
    expect(await honest.safetyNumber(account)).toMatchObject({ groups, key, verified: true });
    expect(await trustOf(honest)).toEqual(marked);

    let reset: DeviceEnrolment | undefined;
    const { client: deceived } = await freshDevice((directory) => {
      if (directory.username !== "compared") return directory;
      const newest = directory.lists.at(-1)!;
      reset ??= enrolmentOnTop({ account, username: "compared", newest }, 2);
      const forged = { deviceId: 2, certificate: reset.certificate };
      return {
        ...directory,
        lists: [newest, reset.deviceList],
        certificates: [...directory.certificates, forged],
      };
    });
    await link(deceived);
    await deceived.sendText(conversationId, "to whom?");
    await eventually("the wait begins", async () => (await trustOf(deceived))?.held);
    expect(await trustOf(deceived)).toMatchObject({ verified: false, keyChangesMs: [expect.any(Number)] });
    expect((await allMessages(deceived, conversationId)).at(-1)).toMatchObject({ delivery: "pending" });
  });

  test("[LK25] a device that is removed is signed out within seconds and gone from the list; a wrong code removes nothing", async () => {
    const person = await signUpHere("remover");
    const { client: fresh } = await freshDevice();
    await meet(person, fresh, "new", "type");
    await comparing(person, fresh);
    await person.client.approveLink();
    await eventually("online", () => isOnline(fresh));
    const wrong = person.recoveryCode.replace(/.$/, (char) => (char === "0" ? "1" : "0"));
    const removing = person.client.removeDevice({ deviceId: 2, recoveryCode: wrong });
    await expect(removing).rejects.toMatchObject({ code: "wrong_recovery_code" });
    await person.client.renameDevice(2, "The phone I lost");
    expect(await namesOf(fresh)).toEqual(["remover one", "The phone I lost"]);
    const removedAtMs = Date.now();
    await person.client.removeDevice({ deviceId: 2, recoveryCode: person.recoveryCode });
    await eventually("signed out", async () => (await fresh.accountStatus()).state === "ended");
    expect(Date.now() - removedAtMs).toBeLessThan(5_000);
    expect([await namesOf(person.client), await person.client.recentDevices()]).toEqual([
      ["remover one"],
      [],
    ]);
  });
});

describe("a link that is refused", () => {
  test("[LK22] a wrong recovery code, or a text that is no code, begins nothing", async () => {
    const person = await signUpHere("careless");
    const { client: fresh } = await freshDevice();
    const recoveryCode = "AAAAA-AAAAA-AAAAA-AAAAA-AAAAA-AAAAA-AAAAA-AAAAA";
    await expect(person.client.linkDevice({ recoveryCode, show: "scan" })).rejects.toMatchObject({
      code: "wrong_recovery_code",
    });
    for (const code of [
      "",
      "sotto://link#AAAA",
      "sotto://join#AAAA",
      "https://sotto.test",
      "ABCDE-FGHJK-MNPQR",
    ]) {
      const begun = [
        fresh.joinByLink({ deviceName, code }),
        person.client.linkDevice({ recoveryCode: person.recoveryCode, code }),
      ];
      for (const each of begun) await expect(each).rejects.toMatchObject({ code: "wrong_link_code" });
    }
    expect([await fresh.linkStatus(), await person.client.linkStatus()]).toEqual([
      { state: "idle" },
      { state: "idle" },
    ]);
  });

  test.each(["confirm", "compare"] as const)(
    "[LK23] no at %s: the other side is told, and no device is added",
    async (when) => {
      const person = await signUpHere(`refuses.at.${when}`);
      const { client: fresh } = await freshDevice();
      await meet(person, fresh, "new", "scan");
      await reached(person.client, "confirm");
      if (when === "compare") await comparing(person, fresh);
      await person.client.cancelLink();
      expect(await reached(fresh, "failed")).toEqual({ state: "failed", reason: "refused" });
      expect(await fresh.accountStatus()).toEqual({ state: "signed_out" });
      expect(await namesOf(person.client)).toEqual([`${person.username} one`]);
    },
  );

  test("[LK23] the new device gives up while the person reads its name", async () => {
    const person = await signUpHere("left.alone");
    const { client: fresh } = await freshDevice();
    await meet(person, fresh, "new", "scan");
    await reached(person.client, "confirm");
    await fresh.cancelLink();
    expect(await reached(person.client, "failed")).toEqual({ state: "failed", reason: "refused" });
  });

  test("[LK24] [ATTACK 47] a link that has run out is answered by nobody", async () => {
    const person = await signUpHere("too.late");
    const fresh = await freshDevice();
    await meet(person, fresh.client, "old", "scan");
    await reached(person.client, "confirm");
    fresh.aheadMs = limits.linkMs;
    await person.client.approveLink();
    expect(await reached(fresh.client, "failed")).toEqual({ state: "failed", reason: "expired" });
    expect(await reached(person.client, "failed")).toMatchObject({ reason: "refused" });
    expect(await namesOf(person.client)).toEqual(["too.late one"]);
  });

  test("[LK24] [ATTACK 47] a code that was used, or that another device of the account approves as well", async () => {
    const person = await signUpHere("twice");
    const { client: fresh } = await freshDevice();
    await fresh.joinByLink({ deviceName, show: "scan" });
    const { code } = await reached(fresh, "showing");
    const { recoveryCode } = person;
    await person.client.linkDevice({ recoveryCode, code });
    await comparing(person, fresh);
    const stranger = await signUpHere("passer.by");
    await stranger.client.linkDevice({ recoveryCode: stranger.recoveryCode, code });
    expect(await reached(stranger.client, "failed")).toEqual({ state: "failed", reason: "refused" });
    await person.client.approveLink();
    await eventually("online", () => isOnline(fresh));
    // The first device made a second offer of the same code.
    const again = await freshDevice();
    await person.client.linkDevice({ recoveryCode, code });
    expect(await reached(person.client, "failed")).toEqual({ state: "failed", reason: "refused" });
    expect(await again.client.accountStatus()).toEqual({ state: "signed_out" });
    expect(await namesOf(person.client)).toEqual(["twice one", deviceName]);
  });

  test("[ATTACK 47] a relayed code: who sits between, without the psk, puts nothing of its own into the link", async () => {
    const person = await signUpHere("relayed");
    const { client: fresh } = await freshDevice();
    await fresh.joinByLink({ deviceName, show: "scan" });
    const { code } = await reached(fresh, "showing");
    const seen = parseLinkCode(code);
    const guessed = { ...seen, psk: seen.psk.map((byte, at) => (at === 7 ? byte ^ 1 : byte)) };
    const keys = createDeviceKeys(provider);
    const request = { dsk: keys.dsk.pub, dik: keys.dik.pub, name: "Somebody else" };
    const path = `/api/links/${encodeBase64url(seen.rendezvous)}/from-new/request`;
    const data = encodeBase64url(sealLinkRequest(provider, guessed, request));
    await eventually("the link is open", async () => {
      const { body } = await rawRequest(origin, "POST", path, { json: { data } });
      return !body.success && body.error.code === "slot_taken";
    });
    // Faster than the new device, at a rendezvous that nobody used: the request does not open.
    const alone = parseLinkCode(code.replace(/#A./, "#AQ"));
    const elsewhere = { ...alone, rendezvous: provider.random(16), psk: guessed.psk };
    const there = `/api/links/${encodeBase64url(elsewhere.rendezvous)}/from-new/request`;
    const forged = encodeBase64url(sealLinkRequest(provider, elsewhere, request));
    await rawRequest(origin, "POST", there, { json: { data: forged } });
    const bytes = [1, ...elsewhere.rendezvous, ...alone.ephemeral, ...alone.psk];
    const shown = `sotto://link#${encodeBase64url(Uint8Array.from(bytes))}`;
    await person.client.linkDevice({ recoveryCode: person.recoveryCode, code: shown });
    expect(await reached(person.client, "failed")).toEqual({ state: "failed", reason: "untrusted" });
    expect(await namesOf(person.client)).toEqual(["relayed one"]);
  });

  test("[ATTACK 47] a new device that proves another key than the one it asked for is not added", async () => {
    const person = await signUpHere("lied.to");
    const { client: fresh } = await freshDevice();
    await fresh.joinByLink({ deviceName, show: "scan" });
    const code = parseLinkCode((await reached(fresh, "showing")).code);
    await fresh.cancelLink();
    const moved = { ...code, rendezvous: provider.random(16) };
    const at = `/api/links/${encodeBase64url(moved.rendezvous)}/from-new`;
    const [asked, proven] = [createDeviceKeys(provider), createDeviceKeys(provider)];
    const request = sealLinkRequest(provider, moved, {
      dsk: asked.dsk.pub,
      dik: asked.dik.pub,
      name: deviceName,
    });
    await rawRequest(origin, "POST", `${at}/request`, { json: { data: encodeBase64url(request) } });
    const bytes = [1, ...moved.rendezvous, ...moved.ephemeral, ...moved.psk];
    const shown = `sotto://link#${encodeBase64url(Uint8Array.from(bytes))}`;
    await person.client.linkDevice({ recoveryCode: person.recoveryCode, code: shown });
    await reached(person.client, "confirm");
    await person.client.approveLink();
    await reached(person.client, "compare");
    const signature = provider.sign(proven.dsk.secret, new Uint8Array(32));
    const proof = encodeBase64url(sealLinkProof(provider, moved, signature));
    await rawRequest(origin, "POST", `${at}/proof`, { json: { data: proof } });
    await person.client.approveLink();
    expect(await reached(person.client, "failed")).toEqual({ state: "failed", reason: "untrusted" });
    expect(await namesOf(person.client)).toEqual(["lied.to one"]);
  });
});
