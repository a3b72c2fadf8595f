/**
 * Everything in frozen/ is made here, by a provider whose `random(n)` gives SHA-256(seed ‖ "/" ‖ counter u32) blocks, one counter step per
 * started 32 bytes. Values are lower-case hex.
 */
import { label } from "#schema/envelope/labels.ts";
import { sealBody } from "#core/crypto/body.ts";
import { encodeCapsule } from "#core/crypto/capsule.ts";
import {
  certifyDevice,
  createAccountKey,
  createDeviceKeys,
  deviceCertHash,
  signOut,
  signSessionRenewal,
} from "#core/crypto/device-identity.ts";
import {
  createGenesisList,
  createNextList,
  createRotationList,
  deviceListHash,
} from "#core/crypto/device-list.ts";
import { derivePasswordKeys } from "#core/crypto/password.ts";
import { type Provider } from "#core/crypto/provider.ts";
import { sealRecord } from "#core/crypto/record-seal.ts";
import {
  createRecoverySecret,
  formatRecoveryCode,
  recoveryAuthKey,
  recoveryKek,
} from "#core/crypto/recovery-code.ts";
import { signRetry } from "#core/crypto/retry.ts";
import { encodePeerRecord } from "#core/crypto/session/record-codec.ts";
import { sealVault, wrapVaultKey } from "#core/crypto/vault.ts";
import {
  capsuleOf,
  connect,
  createPeer,
  type Peer,
  receive,
  send,
  startMs,
} from "#test/support/crypto/peers.ts";
import { deterministicProviderForTesting } from "#test/support/crypto/seeded-random.ts";
import { backup } from "./frozen-backup.ts";
import { groups } from "./frozen-groups.ts";
import { invites } from "./frozen-invites.ts";
import { negatives } from "./frozen-negatives.ts";
import { backupContacts } from "./frozen-contacts.ts";
import { sharedHistory } from "./frozen-shared-history.ts";
import { ownSync } from "./frozen-sync.ts";
import { attachments, link, reports, safetyNumbers } from "./frozen-transfers.ts";
import { toHex } from "./wycheproof-files.ts";

const fill = (length: number, value: number): Uint8Array => new Uint8Array(length).fill(value);
const accountId = fill(16, 0xa1);

export const frozenCases: Readonly<Record<string, () => object | Promise<object>>> = {
  "devices.json": devices,
  "handshake.json": handshake,
  "ratchet.json": ratchet,
  "bodies.json": bodies,
  "account-secrets.json": accountSecrets,
  "groups.json": groups,
  "attachments.json": attachments,
  "safety-numbers.json": safetyNumbers,
  "link.json": link,
  "reports.json": reports,
  "negatives.json": negatives,
  "backup.json": backup,
  "own-sync.json": ownSync,
  "shared-history.json": sharedHistory,
  "backup-contacts.json": backupContacts,
  "invites.json": invites,
};

function devices(): object {
  const provider = deterministicProviderForTesting("devices");
  const [aik, newAik] = [createAccountKey(provider), createAccountKey(provider)];
  const keys = [createDeviceKeys(provider), createDeviceKeys(provider)] as const;
  const certOf = (index: 0 | 1, by = aik) =>
    certifyDevice(provider, by, keys[index], { accountId, deviceId: index + 1, createdAtMs: startMs });
  const [one, two] = [certOf(0), certOf(1)];
  const genesis = createGenesisList(provider, aik, { accountId, issuedAtMs: startMs, certs: [one] });
  const added = createNextList(provider, aik, genesis, { issuedAtMs: startMs + 1, add: [two] });
  const revoked = createNextList(provider, aik, added, { issuedAtMs: startMs + 2, revoke: [1] });
  const change = { issuedAtMs: startMs + 3, add: [certOf(1, newAik)] };
  const rotated = createRotationList(provider, newAik, aik, revoked, change);
  const own = { keys: keys[0], cert: one };
  const request = {
    reason: "NO_SESSION" as const,
    conversationId: fill(16, 1),
    clientMsgId: fill(16, 2),
    envelopeHash: fill(32, 3),
  };
  return {
    aikSeed: toHex(aik.secret),
    newAikSeed: toHex(newAik.secret),
    devices: keys.map(({ dsk, dik }) => ({ dskSeed: toHex(dsk.secret), dikSecret: toHex(dik.secret) })),
    certs: [one, two].map(({ bytes }) => ({
      cert: toHex(bytes),
      certHash: toHex(deviceCertHash(provider, bytes)),
    })),
    lists: [genesis, added, revoked, rotated].map((list) => ({
      list: toHex(list.bytes),
      hash: toHex(deviceListHash(provider, list)),
    })),
    signOut: toHex(signOut(provider, own, startMs)),
    sessionRenewal: {
      challenge: toHex(fill(32, 9)),
      signature: toHex(signSessionRenewal(provider, own, fill(32, 9))),
    },
    retry: toHex(signRetry(provider, own, { accountId: fill(16, 0xb2), deviceId: 7 }, request)),
  };
}

/** Wraps a provider so that every key agreement and derivation of a handshake is written down. */
function recording(provider: Provider, log: Record<string, unknown>[]): Provider {
  const handshakeLabel = toHex(label("hs"));
  return {
    ...provider,
    x25519(secret, pub) {
      const shared = provider.x25519(secret, pub);
      log.push({ x25519: toHex(shared) });
      return shared;
    },
    hkdf(salt, ikm, info, length) {
      const okm = provider.hkdf(salt, ikm, info, length);
      const name = toHex(info).startsWith(handshakeLabel) ? "hs" : "root";
      log.push({ hkdf: name, salt: toHex(salt), ikm: toHex(ikm), info: toHex(info), okm: toHex(okm) });
      return okm;
    },
  };
}

function handshake(): object {
  return Object.fromEntries(
    [
      { name: "with one-time prekeys", pick: {} },
      { name: "last resort only", pick: { oneTime: -1, pq: -1 } },
    ].map(({ name, pick }) => {
      const base = deterministicProviderForTesting(`handshake ${name}`);
      const log: Record<string, unknown>[] = [];
      const alice = { ...createPeer(base, { account: 1 }), provider: recording(base, log) };
      const bob = createPeer(base, { account: 2, deviceId: 3 });
      connect(alice, bob, pick);
      const envelope = send(alice, bob, "first message");
      return [
        name,
        {
          initiator: secretsOf(alice),
          responder: secretsOf(bob),
          intermediates: log,
          plaintext: toHex(capsuleOf("first message")),
          envelope: toHex(envelope),
          sessionAd: toHex(alice.record?.current?.ad ?? fill(0, 0)),
        },
      ];
    }),
  );
}

function secretsOf(peer: Peer): object {
  return {
    cert: toHex(peer.own.cert.bytes),
    dikSecret: toHex(peer.own.keys.dik.secret),
    prekeys: [...peer.secrets.values()].map(({ kind, keyId, secret }) => ({
      kind,
      keyId,
      secret: toHex(secret),
    })),
  };
}

/** 40 messages with loss and reordering; both sides take PQ steps. */
function ratchet(): object {
  const provider = deterministicProviderForTesting("ratchet");
  const [alice, bob] = [createPeer(provider, { account: 1 }), createPeer(provider, { account: 2 })];
  connect(alice, bob);
  const messages: object[] = [];
  const held: {
    readonly to: Peer;
    readonly from: Peer;
    readonly envelope: Uint8Array;
    readonly until: number;
  }[] = [];
  for (let index = 0; index < 40; index += 1) {
    const [from, to] = index % 3 === 0 || index % 7 === 0 ? [alice, bob] : [bob, alice];
    const text = `message ${index}`;
    const envelope = send(from, to, text);
    const fate = index % 5 === 4 ? "lost" : index % 6 === 1 ? "late" : "delivered";
    if (fate === "delivered") receive(to, from, envelope);
    if (fate === "late") held.push({ to, from, envelope, until: index + 4 });
    for (const late of held.filter(({ until }) => until === index))
      receive(late.to, late.from, late.envelope);
    messages.push({
      from: from === alice ? "initiator" : "responder",
      text,
      fate,
      envelope: toHex(envelope),
    });
    for (const peer of [alice, bob]) peer.nowMs += 1_800_000;
  }
  return {
    initiator: secretsOf(alice),
    responder: secretsOf(bob),
    messages,
    records: [alice, bob].map((peer) => toHex(encodePeerRecord(peer.record!))),
  };
}

function bodies(): object {
  const provider = deterministicProviderForTesting("bodies");
  const texts = ["", "hi", "Gr\u00fc\u00dfe \u{1f44b}", "x".repeat(400), "y".repeat(3000)];
  return {
    sender: { accountId: toHex(accountId), deviceId: 1 },
    bodies: texts.map((text, index) => {
      const content = {
        conversationId: fill(16, 0xc0),
        clientMsgId: fill(16, index),
        senderAccountId: accountId,
        senderDeviceId: 1,
        sentAtMs: startMs + index,
        payload: { type: "text" as const, text, ...(index > 0 && { replyTo: fill(16, index - 1) }) },
      };
      const sealed = sealBody(provider, content);
      const none = { version: 1, hash8: fill(8, 1) };
      const gossip = { mine: none, yours: none, log: { size: 0, root8: fill(8, 0) } };
      const capsule = encodeCapsule({
        gossip,
        payload: { kind: "bodyKey", ...content, ...sealed, expireAfterSeconds: 0 },
      });
      return {
        text,
        conversationId: toHex(content.conversationId),
        clientMsgId: toHex(content.clientMsgId),
        sentAtMs: content.sentAtMs,
        body: toHex(sealed.body),
        bodyKey: toHex(sealed.bodyKey),
        bodyHash: toHex(sealed.bodyHash),
        commitment: toHex(sealed.commitment),
        capsule: toHex(capsule),
      };
    }),
  };
}

async function accountSecrets(): Promise<object> {
  const provider = deterministicProviderForTesting("account-secrets");
  const salt = fill(16, 5);
  const params = { memoryKib: 19_456, passes: 2, lanes: 1 };
  const password = "Caf\u00e9 correct horse";
  const keys = await derivePasswordKeys(provider, password, salt, params);
  const secret = createRecoverySecret(provider);
  const kek = recoveryKek(provider, salt, secret);
  const vaultKey = provider.random(32);
  const address = { accountId, keyVersion: 3 };
  const vault = {
    aikSeed: fill(32, 1),
    backupRoot: fill(32, 2),
    profileKey: fill(32, 3),
    pins: [{ accountId: fill(16, 4), aik: fill(32, 5), version: 6, hash: fill(32, 7) }],
    lastDeviceId: 2,
    epoch: 8,
  };
  const place = { store: "sessions", key: "a1/2", generation: 9 };
  return {
    password: {
      password,
      salt: toHex(salt),
      ...params,
      authKey: toHex(keys.authKey),
      vaultKek: toHex(keys.vaultKek),
    },
    recovery: {
      secret: toHex(secret),
      code: formatRecoveryCode(provider, secret),
      kek: toHex(kek),
      authKey: toHex(recoveryAuthKey(provider, salt, secret)),
    },
    vault: {
      accountId: toHex(accountId),
      keyVersion: address.keyVersion,
      vaultKey: toHex(vaultKey),
      vault: toHex(sealVault(provider, vaultKey, address, vault)),
      recoveryWrap: toHex(wrapVaultKey(provider, kek, "recovery", address, vaultKey)),
      passwordWrap: toHex(wrapVaultKey(provider, keys.vaultKek, "password", address, vaultKey)),
    },
    record: {
      ...place,
      dmk: toHex(fill(32, 6)),
      value: "00ff",
      record: toHex(sealRecord(provider, fill(32, 6), place, Uint8Array.of(0, 255))),
    },
  };
}
