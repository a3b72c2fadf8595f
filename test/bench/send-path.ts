/**
 * The full send path (authentication, schema check, membership, device set, idempotency, receipts) against a bare
 * group-commit object: same frames, same machine, same run, both on workerd without the development proxy.
 */
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { nobleProvider as provider } from "#core/crypto/noble-provider.ts";
import { encodeBase64url } from "#schema/envelope/base64url.ts";
import { subprotocol, tokenSubprotocolPrefix } from "#schema/protocol/version.ts";
import { addRawDevice, createRawConversation, registerRaw } from "../support/raw-account.ts";
import { rawBody, rawMessage } from "../support/raw-frames.ts";
import { buildWorker, startServer } from "../support/server.ts";
import { type FrameMaker, type LoadFigures, type LoadTarget, runLoad } from "./load.ts";
import { atMost, type BenchResult, figure, median } from "./result.ts";

interface Contender {
  readonly sender: LoadTarget;
  readonly listener: LoadTarget;
  readonly frame: FrameMaker;
  close(): Promise<void>;
}

/** A direct conversation of two people with two devices each: three capsules a message. */
async function full(): Promise<Contender> {
  buildWorker();
  const server = await startServer({ messagesPerSecond: 1_000_000 });
  const { origin } = server;
  const anna = await registerRaw(origin, "bench.anna");
  const ben = await registerRaw(origin, "bench.ben");
  await addRawDevice(origin, anna);
  await addRawDevice(origin, ben);
  const [from] = anna.devices;
  const [to] = ben.devices;
  if (from === undefined || to === undefined) throw new Error("no devices");
  const conversationId = await createRawConversation(origin, from, ben);
  const target = (token: string): LoadTarget => ({
    url: `${origin.replace("http", "ws")}/ws/conversations/${conversationId}`,
    protocols: [subprotocol, `${tokenSubprotocolPrefix}${token}`],
    conversationId,
  });
  const to3 = [
    { account: anna.account, device: 2 },
    { account: ben.account, device: 1 },
    { account: ben.account, device: 2 },
  ];
  const lists = [
    { account: anna.account, version: 2 },
    { account: ben.account, version: 2 },
  ];
  return {
    sender: target(from.session.accessToken),
    listener: target(to.session.accessToken),
    frame: frames(conversationId, rawMessage(conversationId, to3, lists)),
    close: () => server.close(),
  };
}

async function bare(conversationLike: FrameMaker): Promise<Contender> {
  const source = readFileSync(path.join(import.meta.dirname, "bare/object.ts"), "utf8");
  const options = {
    name: "bare",
    compatibilityDate: "2026-10-23",
    compatibilityFlags: ["no_web_socket_compression"],
    modules: [{ type: "ESModule" as const, path: "object.js", contents: stripTypeScriptTypes(source) }],
    durableObjects: { BARE: { className: "Bare", useSQLite: true } },
    unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
  };
  const state = mkdtempSync(path.join(tmpdir(), "sotto-bare-"));
  const server = new Miniflare({
    ...convertV4MiniflareOptions({ workers: [options] }),
    resourcePersistencePath: state,
  });
  await server.ready;
  const url = await server.unsafeGetDirectURL("bare");
  const target = {
    url: `${url.origin.replace("http", "ws")}/bare`,
    protocols: [subprotocol],
    conversationId: encodeBase64url(provider.random(16)),
  };
  return {
    sender: target,
    listener: target,
    frame: conversationLike,
    async close() {
      await server.dispose();
      rmSync(state, { recursive: true, force: true });
    },
  };
}

/** Only the id and the body differ from message to message; making capsules is not what is measured. */
function frames(conversationId: string, template: object): FrameMaker {
  return () => {
    const clientMessageId = encodeBase64url(provider.random(16));
    const body = rawBody(conversationId, clientMessageId);
    return { clientMessageId, text: JSON.stringify({ ...template, clientMessageId, body }) };
  };
}

export async function benchSendPath(quick: boolean): Promise<BenchResult[]> {
  const ours = await full();
  const peer = await bare(ours.frame);
  const results: BenchResult[] = [];
  try {
    for (const inFlight of [1, 16, 64]) {
      const rounds: { ours: LoadFigures; peer: LoadFigures }[] = [];
      for (let round = 0; round < (quick ? 1 : 3); round++) {
        const options = { inFlight, warmUpMs: 500, measureMs: quick ? 1500 : 4000 };
        const first = await runLoad(ours.sender, ours.listener, { ...options, frame: ours.frame });
        const second = await runLoad(peer.sender, peer.listener, { ...options, frame: peer.frame });
        if (first.delivered !== first.acknowledged) throw new Error("the listener missed messages");
        rounds.push({ ours: first, peer: second });
      }
      const oursRate = median(rounds.map((round) => round.ours.messagesPerSecond));
      const peerRate = median(rounds.map((round) => round.peer.messagesPerSecond));
      const name = `send path, 3 capsules, ${inFlight} in flight`;
      results.push(atMost(`${name}: ms per message, full / bare`, 1000 / oursRate, 1000 / peerRate, 1.5));
      results.push(figure(`${name}: messages/s`, oursRate));
      results.push(figure(`${name}: ack p50 ms`, median(rounds.map((round) => round.ours.ackP50Ms))));
    }
  } finally {
    await ours.close();
    await peer.close();
  }
  return results;
}
