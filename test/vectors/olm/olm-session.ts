/**
 * Olm (https://gitlab.matrix.org/matrix-org/olm/-/blob/master/docs/olm.md) as another profile of our ratchet: its key derivations,
 * its message layout, AES-256-CBC with a truncated HMAC. Olm has neither encrypted headers nor a previous counter, so that
 * header keys are only local names of chains here, and a chain that the peer leaves is closed some keys ahead.
 */
import { createCipheriv, createDecipheriv } from "node:crypto";
import { type Bytes, concat } from "#schema/envelope/bytes.ts";
import { nobleProvider as provider } from "#core/crypto/noble-provider.ts";
import type { KeyPair } from "#core/crypto/provider.ts";
import { stepReceiving } from "#core/crypto/session/ratchet-receive.ts";
import { stepSending } from "#core/crypto/session/ratchet-send.ts";
import type { Header, Ratchet, RatchetProfile, RatchetState } from "#core/crypto/session/ratchet-state.ts";
import {
  macBytes,
  type Message,
  parseMessage,
  parsePrekeyMessage,
  writeMessage,
  writePrekeyMessage,
} from "./olm-layouts.ts";

const text = new TextEncoder();
const zeros = new Uint8Array(32);
/** Keys of a chain that is left behind are derived so far ahead of what was received from it. */
const closedAhead = 64;

const olmProfile: RatchetProfile = {
  maxSkip: 2000,
  maxSkippedTotal: 2000,
  maxClosedChains: 5,
  skippedMaxAgeMs: Number.MAX_SAFE_INTEGER,
  pq: undefined,
  kdfRoot(core, rootKey, shared) {
    const okm = core.hkdf(rootKey, shared, text.encode("OLM_RATCHET"), 64);
    const [root, chainKey] = [okm.slice(0, 32), okm.slice(32)];
    return { rootKey: root, chainKey, nextHeaderKey: core.hmac(root, text.encode("name of the next chain")) };
  },
  kdfChain: (core, chainKey) => ({
    messageKey: core.hmac(chainKey, Uint8Array.of(1)),
    chainKey: core.hmac(chainKey, Uint8Array.of(2)),
  }),
};

const ratchet: Ratchet = { provider, profile: olmProfile };
const nowMs = 0;

export function keyPair(): KeyPair {
  const secret = provider.random(32);
  return { secret, pub: provider.x25519PublicKey(secret) };
}

/** What Olm sends: `type` 0 begins a session, 1 goes on with it. */
export interface OlmMessage {
  readonly type: 0 | 1;
  readonly bytes: Bytes;
}

interface Preface {
  readonly oneTimeKey: Uint8Array;
  readonly baseKey: Uint8Array;
  readonly identityKey: Uint8Array;
}

export class OlmSession {
  #state: RatchetState;
  /** Which ratchet key each named chain belongs to, by the hex of its name. */
  readonly #chains = new Map<string, Uint8Array>();
  /** Sent along until the peer has answered. */
  #preface: Preface | undefined;

  private constructor(state: RatchetState, preface?: Preface) {
    this.#state = state;
    this.#preface = preface;
  }

  static initiate(own: KeyPair, peerIdentity: Uint8Array, oneTimeKey: Uint8Array): OlmSession {
    const base = keyPair();
    const secret = concat(
      provider.x25519(own.secret, oneTimeKey),
      provider.x25519(base.secret, peerIdentity),
      provider.x25519(base.secret, oneTimeKey),
    );
    const { rootKey, chainKey } = firstKeys(secret);
    const state: RatchetState = {
      ...empty(rootKey),
      sending: {
        dh: keyPair(),
        chainKey,
        headerKey: zeros,
        nextHeaderKey: zeros,
        count: 0,
        previousCount: 0,
        isStale: false,
      },
    };
    return new OlmSession(state, { oneTimeKey, baseKey: base.pub, identityKey: own.pub });
  }

  /** From the first message of a peer; it is then to be opened with `open`. */
  static answer(own: KeyPair, oneTimeKey: KeyPair, first: Uint8Array): OlmSession {
    const { baseKey, identityKey, message } = parsePrekeyMessage(first);
    const secret = concat(
      provider.x25519(oneTimeKey.secret, identityKey),
      provider.x25519(own.secret, baseKey),
      provider.x25519(oneTimeKey.secret, baseKey),
    );
    const { rootKey, chainKey } = firstKeys(secret);
    const before = empty(rootKey);
    const { dh } = parseMessage(message);
    const headerKey = provider.hmac(rootKey, text.encode("name of the first chain"));
    const session = new OlmSession({
      ...before,
      sending: { ...before.sending, isStale: true },
      receiving: { ...before.receiving, dh, chainKey, headerKey },
    });
    session.#chains.set(nameOf(headerKey), dh);
    return session;
  }

  seal(plaintext: string): OlmMessage {
    const { state, header, messageKey } = stepSending(ratchet, this.#state, nowMs);
    this.#state = state;
    const keys = cipherKeys(messageKey);
    const cipher = createCipheriv("aes-256-cbc", keys.cipher, keys.iv);
    const ciphertext = concat(cipher.update(plaintext, "utf8"), cipher.final());
    const head = writeMessage({ dh: header.dh, number: header.number, ciphertext });
    const message = concat(head, provider.hmac(keys.mac, head).subarray(0, macBytes));
    if (this.#preface === undefined) return { type: 1, bytes: message };
    return { type: 0, bytes: writePrekeyMessage({ ...this.#preface, message }) };
  }

  /** Throws `CryptoError`, and changes nothing then. */
  open({ type, bytes }: OlmMessage): string {
    const sealed = type === 0 ? parsePrekeyMessage(bytes).message : bytes;
    const message = parseMessage(sealed);
    const header = {
      dh: message.dh,
      number: message.number,
      previousCount: this.#state.receiving.count + closedAhead,
    };
    const step = stepReceiving(ratchet, this.#state, (name) => this.#headerIn(name, header), nowMs);
    if (step === undefined) throw new Error("no chain of this session");
    const plaintext = openSealed(step.messageKey, sealed, message);
    this.#state = step.state;
    const { headerKey, dh } = step.state.receiving;
    if (headerKey !== undefined && dh !== undefined) this.#chains.set(nameOf(headerKey), dh);
    this.#preface = undefined;
    return plaintext;
  }

  /** The header, if the chain of this name is the one that it speaks of, or may become it. */
  #headerIn(name: Uint8Array, header: Header): Header | undefined {
    const known = this.#chains.get(nameOf(name));
    if (known !== undefined) return provider.equal(known, header.dh) ? header : undefined;
    const isOfAnother = [...this.#chains.values()].some((dh) => provider.equal(dh, header.dh));
    return isOfAnother ? undefined : header;
  }
}

function empty(rootKey: Uint8Array): RatchetState {
  const none = { secret: zeros, pub: zeros };
  return {
    rootKey,
    sending: { dh: none, nextHeaderKey: zeros, count: 0, previousCount: 0, isStale: false },
    receiving: { nextHeaderKey: zeros, count: 0, skipped: new Map() },
    closed: [],
    kem: { selfSeq: 0, peerSeq: 0, chainsSince: 0, messagesSince: 0, lastAtMs: 0 },
  };
}

function firstKeys(secret: Uint8Array): { rootKey: Bytes; chainKey: Bytes } {
  const okm = provider.hkdf(zeros, secret, text.encode("OLM_ROOT"), 64);
  return { rootKey: okm.slice(0, 32), chainKey: okm.slice(32) };
}

function cipherKeys(messageKey: Uint8Array): { cipher: Uint8Array; mac: Uint8Array; iv: Uint8Array } {
  const okm = provider.hkdf(zeros, messageKey, text.encode("OLM_KEYS"), 80);
  return { cipher: okm.subarray(0, 32), mac: okm.subarray(32, 64), iv: okm.subarray(64) };
}

function openSealed(messageKey: Uint8Array, sealed: Uint8Array, { ciphertext }: Message): string {
  const keys = cipherKeys(messageKey);
  const mac = provider.hmac(keys.mac, sealed.subarray(0, -macBytes)).subarray(0, macBytes);
  if (!provider.equal(mac, sealed.subarray(-macBytes))) throw new Error("the authentication code is wrong");
  const decipher = createDecipheriv("aes-256-cbc", keys.cipher, keys.iv);
  return new TextDecoder().decode(concat(decipher.update(ciphertext), decipher.final()));
}

const nameOf = (name: Uint8Array): string => Buffer.from(name).toString("hex");
