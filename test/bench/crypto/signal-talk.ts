/** Two people, and a group, on Signal's library with everything in memory. */
import { randomUUID } from "node:crypto";
import type { IdentityKeyPair, PublicKey, SignalLibrary, Store } from "./signal-library.ts";
import { plaintextBytes, type Talk } from "./talk.ts";

const prekeyType = 3;
const keyId = 1;

/** Keeps one record of each kind, whatever it is called by. */
class Shelf {
  #record: unknown = null;
  readonly save = async (...values: unknown[]): Promise<void> => void (this.#record = values.at(-1));
  readonly get = async (): Promise<unknown> => this.#record;

  put(record: unknown): this {
    this.#record = record;
    return this;
  }
}

class Person {
  readonly address;
  readonly identity: IdentityKeyPair;
  readonly sessions: Store;
  readonly identities: Store;
  readonly prekeys: readonly Store[];
  readonly senderKeys: Store;
  readonly bundle;

  constructor(signal: SignalLibrary, name: string) {
    this.address = signal.ProtocolAddress.new(name, 1);
    this.identity = signal.IdentityKeyPair.generate();
    const { identity } = this;
    const session = new Shelf();
    this.sessions = { saveSession: session.save, getSession: session.get };
    const peer = new Shelf();
    this.identities = {
      getIdentityKeyPair: async () => identity,
      getLocalRegistrationId: async () => 1,
      saveIdentity: async (_name: unknown, key: PublicKey) => {
        peer.put(key);
        return 0;
      },
      isTrustedIdentity: async () => true,
      getIdentity: peer.get,
    };
    const senderKey = new Shelf();
    this.senderKeys = { saveSenderKey: senderKey.save, getSenderKey: senderKey.get };

    const [oneTime, signed] = [signal.PrivateKey.generate(), signal.PrivateKey.generate()];
    const kem = signal.KEMKeyPair.generate();
    const sign = (key: PublicKey): Uint8Array<ArrayBuffer> => identity.privateKey.sign(key.serialize());
    const signatures = { signed: sign(signed.getPublicKey()), kem: sign(kem.getPublicKey()) };
    const oneTimes = new Shelf().put(signal.PreKeyRecord.new(keyId, oneTime.getPublicKey(), oneTime));
    const signeds = new Shelf().put(
      signal.SignedPreKeyRecord.new(keyId, 0, signed.getPublicKey(), signed, signatures.signed),
    );
    const kems = new Shelf().put(signal.KyberPreKeyRecord.new(keyId, 0, kem, signatures.kem));
    const nothing = async (): Promise<void> => {};
    this.prekeys = [
      { savePreKey: oneTimes.save, getPreKey: oneTimes.get, removePreKey: nothing },
      { saveSignedPreKey: signeds.save, getSignedPreKey: signeds.get },
      { saveKyberPreKey: kems.save, getKyberPreKey: kems.get, markKyberPreKeyUsed: nothing },
    ];
    const registrationId = 1;
    const deviceId = 1;
    this.bundle = signal.PreKeyBundle.new(
      registrationId,
      deviceId,
      keyId,
      oneTime.getPublicKey(),
      keyId,
      signed.getPublicKey(),
      signatures.signed,
      identity.publicKey,
      keyId,
      kem.getPublicKey(),
      signatures.kem,
    );
  }
}

export async function signalTalk(signal: SignalLibrary): Promise<Talk> {
  const [anna, ben] = [new Person(signal, "anna"), new Person(signal, "ben")];
  await signal.processPreKeyBundle(ben.bundle, ben.address, anna.address, anna.sessions, anna.identities);
  const plaintext = new Uint8Array(plaintextBytes);
  const group = randomUUID();
  const senderKey = await signal.SenderKeyDistributionMessage.create(anna.address, group, anna.senderKeys);
  await signal.processSenderKeyDistributionMessage(anna.address, senderKey, ben.senderKeys);
  return {
    async exchange(back) {
      const [from, to] = back ? [ben, anna] : [anna, ben];
      const sealed = await signal.signalEncrypt(
        plaintext,
        to.address,
        from.address,
        from.sessions,
        from.identities,
      );
      const bytes = sealed.serialize();
      if (sealed.type() === prekeyType) {
        const message = signal.PreKeySignalMessage.deserialize(bytes);
        const stores = [to.sessions, to.identities, ...to.prekeys];
        await signal.signalDecryptPreKey(message, from.address, to.address, ...stores);
        return;
      }
      const message = signal.SignalMessage.deserialize(bytes);
      await signal.signalDecrypt(message, from.address, to.address, to.sessions, to.identities);
    },
    async toGroup() {
      const sealed = await signal.groupEncrypt(anna.address, group, anna.senderKeys, plaintext);
      await signal.groupDecrypt(anna.address, ben.senderKeys, sealed.serialize());
    },
  };
}
