/** Our ratchet in Olm's profile against Matrix's own implementation, in both roles, with loss and reordering. */
import Olm from "@matrix-org/olm";
import { beforeAll, describe, expect, test } from "vitest";
import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";
import { seededRandom } from "#test/support/crypto/seeded-random.ts";
import { keyPair, type OlmMessage, OlmSession } from "./olm-session.ts";

beforeAll(() => Olm.init());

/** Both sides of one session, ours and theirs, by the same name. */
interface Side {
  seal(plaintext: string): OlmMessage;
  open(message: OlmMessage): string;
}

const bytesOf = (base64: string) => decodeBase64url(base64.replaceAll("+", "-").replaceAll("/", "_"));
const base64Of = (bytes: Uint8Array): string =>
  encodeBase64url(bytes).replaceAll("-", "+").replaceAll("_", "/");

function theirs(session: Olm.Session): Side {
  return {
    seal(plaintext) {
      const { type, body } = session.encrypt(plaintext);
      return { type, bytes: bytesOf(body) };
    },
    open: ({ type, bytes }) => session.decrypt(type, base64Of(bytes)),
  };
}

function theirAccount(): { account: Olm.Account; identity: Uint8Array; oneTimeKey: Uint8Array } {
  const account = new Olm.Account();
  account.create();
  account.generate_one_time_keys(1);
  const { curve25519 } = JSON.parse(account.identity_keys()) as { curve25519: string };
  const keys = JSON.parse(account.one_time_keys()) as { curve25519: Record<string, string> };
  const [oneTimeKey = ""] = Object.values(keys.curve25519);
  return { account, identity: bytesOf(curve25519), oneTimeKey: bytesOf(oneTimeKey) };
}

/** Ours begins; theirs has opened the first message. */
function weBegin(): { ours: Side; theirs: Side } {
  const { account, identity, oneTimeKey } = theirAccount();
  const ours = OlmSession.initiate(keyPair(), identity, oneTimeKey);
  const first = ours.seal("first");
  const session = new Olm.Session();
  session.create_inbound(account, base64Of(first.bytes));
  const other = theirs(session);
  expect(other.open(first)).toBe("first");
  return { ours, theirs: other };
}

/** Theirs begins; ours has opened the first message. */
function theyBegin(): { ours: Side; theirs: Side } {
  const { account } = theirAccount();
  const [identity, oneTimeKey] = [keyPair(), keyPair()];
  const session = new Olm.Session();
  session.create_outbound(account, base64Of(identity.pub), base64Of(oneTimeKey.pub));
  const other = theirs(session);
  const first = other.seal("first");
  const ours = OlmSession.answer(identity, oneTimeKey, first.bytes);
  expect(ours.open(first)).toBe("first");
  return { ours, theirs: other };
}

describe.each([
  ["our side begins", weBegin],
  ["the other side begins", theyBegin],
])("Olm, %s", (_name, begin) => {
  test("a conversation in turns", () => {
    const { ours, theirs: other } = begin();
    for (let turn = 0; turn < 20; turn += 1) {
      expect(ours.open(other.seal(`to us ${turn}`))).toBe(`to us ${turn}`);
      expect(other.open(ours.seal(`to them ${turn}`))).toBe(`to them ${turn}`);
    }
  });

  test("several messages in a chain, the last one first", () => {
    const { ours, theirs: other } = begin();
    for (const [from, to] of [
      [ours, other],
      [other, ours],
      [ours, other],
    ] as const) {
      const sent = ["one", "two", "three"].map((plaintext) => from.seal(plaintext));
      expect(sent.toReversed().map((message) => to.open(message))).toEqual(["three", "two", "one"]);
    }
  });

  test("a message of a chain that was left behind is still opened", () => {
    const { ours, theirs: other } = begin();
    expect(ours.open(other.seal("hello"))).toBe("hello");
    for (const [from, to] of [
      [ours, other],
      [other, ours],
    ] as const) {
      const late = from.seal("late");
      expect(to.open(from.seal("in time"))).toBe("in time");
      expect(from.open(to.seal("answer"))).toBe("answer");
      expect(to.open(from.seal("next chain"))).toBe("next chain");
      expect(to.open(late)).toBe("late");
    }
  });

  test("an altered message and a repeated one are refused by ours; the session goes on", () => {
    const { ours, theirs: other } = begin();
    const message = other.seal("whole");
    const at = message.bytes.length - 12;
    const altered = { ...message, bytes: message.bytes.with(at, (message.bytes[at] ?? 0) ^ 1) };
    expect(() => ours.open(altered)).toThrow("the authentication code is wrong");
    expect(ours.open(message)).toBe("whole");
    expect(() => ours.open(message)).toThrow("message key used or expired");
    expect(other.open(ours.seal("and on"))).toBe("and on");
  });

  test.each([11, 12, 13, 14, 15])("400 messages, a fifth lost, windows of 8 shuffled: seed %i", (seed) => {
    const { ours, theirs: other } = begin();
    const random = seededRandom(seed);
    const sides = [
      { from: ours, to: other, way: [] as { text: string; message: OlmMessage }[] },
      { from: other, to: ours, way: [] as { text: string; message: OlmMessage }[] },
    ];
    let opened = 0;
    for (let index = 0; index < 400; index += 1) {
      const side = sides[random.below(2)]!;
      const text = `message ${index}`;
      const message = side.from.seal(text);
      if (!random.chance(0.2)) side.way.push({ text, message });
      if (side.way.length < 8) continue;
      for (const { text: expected, message: arriving } of side.way
        .splice(0)
        .sort(() => random.below(3) - 1)) {
        expect(side.to.open(arriving)).toBe(expected);
        opened += 1;
      }
    }
    expect(opened).toBeGreaterThan(280);
  });
});
