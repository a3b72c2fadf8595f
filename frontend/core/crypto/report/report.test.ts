import { describe, expect, test } from "vitest";
import { code, flip } from "#test/support/crypto/expect-refused.ts";
import { GroupRig } from "#test/support/crypto/group-members.ts";
import { openFrankedBody, sealBody } from "../body.ts";
import { openFrankedGroupBody } from "../group/group-body.ts";
import { stateAt } from "../group/group-history.ts";
import { nobleProvider as provider } from "../noble-provider.ts";
import { encodeReport, parseReport, type Report, type ReportedMessage } from "./report.ts";
import { frankingTag, openReport, sealReport, verifyReportedMessage } from "./sealed-report.ts";

const fill = (length: number, value: number): Uint8Array<ArrayBuffer> => new Uint8Array(length).fill(value);
const dayKey = fill(32, 0xfd);
const reporterAccountId = fill(16, 9);
const sender = { accountId: fill(16, 3), deviceId: 4 };

const content = {
  conversationId: fill(16, 1),
  clientMsgId: fill(16, 2),
  senderAccountId: sender.accountId,
  senderDeviceId: 4,
  sentAtMs: 5,
  payload: { type: "text" as const, text: "something bad" },
};

/** A message as its receiver and the server have it. */
function delivered(changed: Partial<typeof content> = {}): ReportedMessage {
  const said = { ...content, ...changed };
  const sealed = sealBody(provider, said);
  const evidence = openFrankedBody(provider, sealed.body, { ...said, ...sealed }, sender);
  const delivery = { ...said, ...evidence, sequence: 6, serverTimeMs: 7 };
  const { conversationId, clientMsgId, senderAccountId, senderDeviceId } = said;
  return {
    ...evidence,
    conversationId,
    clientMsgId,
    senderAccountId,
    senderDeviceId,
    sequence: 6,
    serverTimeMs: 7,
    tag: frankingTag(provider, dayKey, delivery),
  };
}

const message = delivered();
const report: Report = { reporterAccountId, reason: "abuse", note: "Bitte prüfen", messages: [message] };
const secret = provider.random(32);
const moderator = { secret, pub: provider.x25519PublicKey(secret) };

test("a report reaches the moderators, and its message verifies", () => {
  const opened = openReport(
    provider,
    moderator,
    reporterAccountId,
    sealReport(provider, moderator.pub, report),
  );
  expect(opened).toEqual(report);
  expect(verifyReportedMessage(provider, dayKey, opened.messages[0]!)).toEqual(content);
});

test("a message of a group is reported likewise", () => {
  const rig = new GroupRig(provider, "ao bm");
  const sent = rig.send("a", "something bad");
  const key = { ...sent, conversationId: rig.groupId, sentAtMs: rig.of("a").nowMs };
  const { stateHash } = stateAt(rig.historyOf("b"), 1);
  const from = rig.of("a").address;
  const evidence = openFrankedGroupBody(provider, sent.body, key, from, stateHash);
  const delivery = {
    ...evidence,
    conversationId: rig.groupId,
    senderAccountId: from.accountId,
    senderDeviceId: 1,
    sequence: 1,
    serverTimeMs: 2,
  };
  const tag = frankingTag(provider, dayKey, delivery);
  const reported = { ...delivery, clientMsgId: sent.clientMsgId, tag };
  expect(verifyReportedMessage(provider, dayKey, reported)).toMatchObject({
    groupEpoch: 1,
    payload: { type: "text", text: "something bad" },
  });
});

describe("what a reporter cannot do", () => {
  const other = delivered({ payload: { type: "text", text: "harmless" } });

  test.each<[string, Partial<ReportedMessage>, "BAD_SIGNATURE" | "BAD_COMMITMENT"]>([
    ["change the content", { encoded: flip(message.encoded, 20) }, "BAD_COMMITMENT"],
    ["change the franking key", { frankingKey: flip(message.frankingKey, 0) }, "BAD_COMMITMENT"],
    ["put in another content", { encoded: other.encoded, frankingKey: other.frankingKey }, "BAD_COMMITMENT"],
    ["put in another content with its commitment", { ...other, tag: message.tag }, "BAD_SIGNATURE"],
    ["blame another account", { senderAccountId: fill(16, 8) }, "BAD_SIGNATURE"],
    ["blame another device", { senderDeviceId: 5 }, "BAD_SIGNATURE"],
    ["move it to another conversation", { conversationId: fill(16, 8) }, "BAD_SIGNATURE"],
    ["move it to another place", { sequence: 8 }, "BAD_SIGNATURE"],
    ["move it to another time", { serverTimeMs: 8 }, "BAD_SIGNATURE"],
    ["name another message", { clientMsgId: fill(16, 8) }, "BAD_COMMITMENT"],
    ["make a tag up", { tag: fill(32, 1) }, "BAD_SIGNATURE"],
  ])("[ATTACK 67] a reporter cannot %s", (_, changed, refused) => {
    expect(() => verifyReportedMessage(provider, dayKey, { ...message, ...changed })).toThrow(code(refused));
  });

  test("[ATTACK 67] a report altered by one bit, under another reporter's name, or to another moderator key is refused", () => {
    const sealed = sealReport(provider, moderator.pub, report);
    for (let at = 0; at < sealed.length; at += 7) {
      expect(() => openReport(provider, moderator, reporterAccountId, flip(sealed, at))).toThrow(
        expect.objectContaining({ code: expect.toBeOneOf(["BAD_TAG", "MALFORMED", "UNSUPPORTED_VERSION"]) }),
      );
    }
    expect(() => openReport(provider, moderator, fill(16, 1), sealed)).toThrow(code("BAD_TAG"));
    const swapped = sealReport(provider, provider.x25519PublicKey(fill(32, 7)), report);
    expect(() => openReport(provider, moderator, reporterAccountId, swapped)).toThrow(code("BAD_TAG"));
  });

  test("[ATTACK 67] a sender cannot make content that contradicts its envelope reportable as something else", () => {
    const lying = { ...content, senderDeviceId: 99 };
    const sealed = sealBody(provider, lying);
    const evidence = openFrankedBody(provider, sealed.body, { ...lying, ...sealed }, sender);
    const delivery = { ...message, ...evidence };
    const reported = { ...delivery, tag: frankingTag(provider, dayKey, delivery) };
    expect(() => verifyReportedMessage(provider, dayKey, reported)).toThrow(code("BAD_BINDING"));
  });
});

describe("layout", () => {
  test("six messages at most, one at least, and back", () => {
    const six = { ...report, note: "", messages: Array.from({ length: 6 }, () => message) };
    expect(parseReport(encodeReport(six))).toEqual(six);
    for (const count of [0, 7]) {
      const messages = Array.from({ length: count }, () => message);
      expect(() => encodeReport({ ...report, messages })).toThrow(code("MALFORMED"));
    }
  });

  test("MALFORMED, UNSUPPORTED_VERSION", () => {
    const bytes = encodeReport(report);
    expect(() => parseReport(flip(bytes, 0, 1))).toThrow(code("UNSUPPORTED_VERSION"));
    expect(() => parseReport(fill(0, 0))).toThrow(code("MALFORMED"));
    expect(() => parseReport(bytes.subarray(0, -1))).toThrow(code("MALFORMED"));
    expect(() => parseReport(Uint8Array.from([...bytes, 0]))).toThrow(code("MALFORMED"));
    expect(() => parseReport(Uint8Array.from(bytes).fill(5, 17, 18))).toThrow(code("MALFORMED"));
    expect(() => parseReport(Uint8Array.from(bytes).fill(0xff, 20, 21))).toThrow(code("MALFORMED"));
    expect(() => encodeReport({ ...report, note: "x".repeat(2001) })).toThrow(code("MALFORMED"));
    expect(() => encodeReport({ ...report, messages: [{ ...message, encoded: fill(65_537, 1) }] })).toThrow(
      code("MALFORMED"),
    );
    expect(() => openReport(provider, moderator, reporterAccountId, fill(20, 1))).toThrow(code("MALFORMED"));
    expect(() => openReport(provider, moderator, reporterAccountId, fill(200, 2))).toThrow(
      code("UNSUPPORTED_VERSION"),
    );
  });
});
