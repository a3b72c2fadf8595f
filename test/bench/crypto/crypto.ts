/**
 * One-to-one and group encryption beside Signal's library and Matrix's, in one run: milliseconds to encrypt and decrypt
 * one message of the same length, everything in memory. Ours as in a browser (JavaScript, and the curves of WebCrypto) and as
 * on the command line (Node's primitives).
 */
import { tryNativeCurves } from "#core/crypto/native/native-curves.ts";
import { nodeProvider } from "#cli/node-provider.ts";
import { nobleProvider } from "#core/crypto/noble-provider.ts";
import { atMostTimes, type BenchResult, compare, under } from "../result.ts";
import { olmTalk } from "./olm-talk.ts";
import { handOutKey, ownTalk } from "./own-talk.ts";
import { loadSignal, signalVersion } from "./signal-library.ts";
import { signalTalk } from "./signal-talk.ts";
import { type TalkTimes, timeEach, timeTalk } from "./talk.ts";

export async function benchCrypto(options: {
  readonly quick: boolean;
  readonly install: boolean;
}): Promise<BenchResult[]> {
  const { quick } = options;
  const native = await tryNativeCurves(nobleProvider);
  const ours = await timeTalk(ownTalk(nobleProvider, native), quick);
  const inJavaScript = native === undefined ? ours : await timeTalk(ownTalk(nobleProvider, undefined), quick);
  const inNode = await timeTalk(ownTalk(nodeProvider, undefined), quick);
  const library = await loadSignal(options);
  if (typeof library === "string") console.log(`No comparison with Signal's library: ${library}.`);
  const signal = typeof library === "string" ? undefined : await timeTalk(await signalTalk(library), quick);
  const olm = await timeTalk(await olmTalk(), quick);
  const against = (peer: string, times: TalkTimes | undefined, own = ours): BenchResult[] => [
    atMostTimes(0.5, compare(`1:1, no DH step, ms a message${peer}`, own.oneWayMs, times?.oneWayMs)),
    atMostTimes(1, compare(`1:1, a DH step each, ms a message${peer}`, own.turnsMs, times?.turnsMs)),
    compare(`group, ms a message${peer}`, own.groupMs, times?.groupMs),
  ];
  // Sessions with 256 devices take a while to begin.
  const devices = quick ? 64 : 256;
  const handOut = await timeEach(quick ? 3 : 7, 1, handOutKey(devices));
  return [
    ...against(` / libsignal ${signalVersion}`, signal),
    ...against(`, on the command line / libsignal ${signalVersion}`, signal, inNode),
    ...against(" / Olm", olm).map((row) => ({ ...row, goal: "none", met: null })),
    compare("1:1, a DH step each, ms a message, curves in JavaScript", inJavaScript.turnsMs),
    under((30 * devices) / 256, "ms", compare(`sender key to ${devices} devices, no DH step: ms`, handOut)),
  ];
}
