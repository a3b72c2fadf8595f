/** The product's own crypto, as it runs it: with the platform's curves where there are any. */
import { openGroupBody, sealGroupBody } from "#core/crypto/group/group-body.ts";
import { stateAt } from "#core/crypto/group/group-history.ts";
import { createSenderKey, type OwnSenderKey, senderKeyMessageOf } from "#core/crypto/group/sender-key.ts";
import type { NativeCurves } from "#core/crypto/native/native-curves.ts";
import { runNative } from "#core/crypto/native/run-native.ts";
import { nobleProvider } from "#core/crypto/noble-provider.ts";
import type { Provider } from "#core/crypto/provider.ts";
import { decryptCapsule, encryptCapsule } from "#core/crypto/session/peer-session.ts";
import { GroupRig } from "#test/support/crypto/group-members.ts";
import {
  capsuleOf,
  connect,
  contextOf,
  createPeer,
  type Peer,
  prekeysOf,
  startMs,
} from "#test/support/crypto/peers.ts";
import { plaintextBytes, type Talk } from "./talk.ts";

export function ownTalk(given: Provider, native: NativeCurves | undefined): Talk {
  const [anna, ben] = [createPeer(given, { account: 1 }), createPeer(given, { account: 2 })];
  connect(anna, ben);
  const run = <Result>(work: (provider: Provider) => Result): Promise<Result> =>
    runNative(given, native, work);
  const plaintext = capsuleOf("psst");
  return {
    async exchange(back) {
      const [from, to] = back ? [ben, anna] : [anna, ben];
      const sealed = await run((provider) =>
        encryptCapsule({ ...contextOf(from), provider }, recordOf(from), to.device, plaintext),
      );
      from.record = sealed.record;
      const opened = await run((provider) =>
        decryptCapsule(
          { ...contextOf(to), provider },
          to.record,
          from.device,
          sealed.envelope,
          prekeysOf(to),
        ),
      );
      to.record = opened.record;
    },
    toGroup: groupTalk(given, run),
  };
}

const recordOf = ({ record }: Peer): NonNullable<Peer["record"]> => record ?? { archived: [] };

function groupTalk(
  given: Provider,
  run: <Result>(work: (provider: Provider) => Result) => Promise<Result>,
): Talk["toGroup"] {
  const rig = new GroupRig(given, "ao bm");
  const first = rig.send("a", "first");
  rig.receive("b", first);
  const [anna, ben] = [rig.of("a"), rig.of("b")];
  const { groupId, epoch } = rig.historyOf("a").head.state;
  const { stateHash } = stateAt(rig.historyOf("a"), epoch);
  // What is padded to the same length as a capsule.
  const payload = { type: "text", text: "x".repeat(plaintextBytes / 4) } as const;
  const place = { sender: anna.address, logEpoch: epoch, nowMs: startMs };
  let key = anna.key;
  return async () => {
    const sealing: OwnSenderKey = key ?? createSenderKey(given, { groupId, epoch }, startMs);
    const clientMsgId = given.random(16);
    const { accountId: senderAccountId, deviceId: senderDeviceId } = anna.address;
    const ids = { conversationId: groupId, clientMsgId, senderAccountId, senderDeviceId };
    const sealed = await run((provider) =>
      sealGroupBody(provider, sealing, { epoch, stateHash }, { ...ids, sentAtMs: startMs, payload }),
    );
    key = sealed.key;
    const opened = await run((provider) =>
      openGroupBody(provider, rig.historyOf("b"), place, ben.senderKeys.get("a"), sealed.body),
    );
    ben.senderKeys.set("a", opened.keys);
  };
}

/** Hands a new sender key to `devices` devices over sessions that are under way; the milliseconds it took. */
export function handOutKey(devices: number): () => void {
  const anna = createPeer(nobleProvider, { account: 1 });
  const others = Array.from({ length: devices }, (_, index) => {
    const other = createPeer(nobleProvider, {
      account: 2 + (index % 200),
      oneTimeCount: 1,
      oneTimePqCount: 1,
    });
    connect(anna, other);
    const first = encryptCapsule(contextOf(anna), recordOf(anna), other.device, capsuleOf("first"));
    const opened = decryptCapsule(contextOf(other), undefined, anna.device, first.envelope, prekeysOf(other));
    const reply = encryptCapsule(contextOf(other), opened.record, anna.device, capsuleOf("reply"));
    const answered = decryptCapsule(
      contextOf(anna),
      first.record,
      other.device,
      reply.envelope,
      prekeysOf(anna),
    );
    // The step that the reply made due; from here on there is none until they answer again.
    const { record } = encryptCapsule(contextOf(anna), answered.record, other.device, capsuleOf("second"));
    return { device: other.device, record };
  });
  const group = { groupId: new Uint8Array(16), epoch: 1, stateHash: new Uint8Array(32) };
  return () => {
    const key = createSenderKey(nobleProvider, group, startMs);
    const settings = { epoch: 1, key: new Uint8Array(32) };
    const message = senderKeyMessageOf(key, group, settings);
    const capsule = new Uint8Array(plaintextBytes);
    capsule.set(message.chainKey);
    for (const other of others) {
      other.record = encryptCapsule(contextOf(anna), other.record, other.device, capsule).record;
    }
  };
}
