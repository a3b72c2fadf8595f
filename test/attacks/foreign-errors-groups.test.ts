/** As `foreign-errors.test.ts`, for groups, attachments, verification, links and reports. */
import { test } from "vitest";
import { encodeGroupKeyEntry, parseGroupBody, parseGroupKeyEntry } from "#schema/envelope/group-body.ts";
import { parseGroupOp } from "#schema/envelope/group-op.ts";
import { AttachmentOpener, AttachmentSealer } from "#core/crypto/attachment/attachment.ts";
import { encodePointer, parsePointer } from "#core/crypto/attachment/pointer.ts";
import { decodeCbor, encodeCbor } from "#core/crypto/cbor.ts";
import {
  decodeGroupHistory,
  decodeOwnSenderKey,
  decodeSenderKeys,
  encodeGroupHistory,
  encodeOwnSenderKey,
  encodeSenderKeys,
} from "#core/crypto/group/group-codec.ts";
import { extendGroupHistory } from "#core/crypto/group/group-history.ts";
import { openGroupSettings, sealGroupSettings } from "#core/crypto/group/group-settings.ts";
import { encodeSenderKeyMessage, parseSenderKeyMessage } from "#core/crypto/group/sender-key-message.ts";
import { createLinkCode } from "#core/crypto/link/link-code.ts";
import { openLinkRequest, sealLinkRequest } from "#core/crypto/link/link-request.ts";
import { linkSender, openLinkOffer, sealLinkOffer } from "#core/crypto/link/link-transfer.ts";
import { encodeReport, parseReport } from "#core/crypto/report/report.ts";
import { openReport, sealReport } from "#core/crypto/report/sealed-report.ts";
import { encodeScannable, parseScannable } from "#core/crypto/verification/scannable.ts";
import { expectTypedForAnyBytes } from "#test/support/crypto/any-bytes.ts";
import { GroupRig } from "#test/support/crypto/group-members.ts";
import { nodeProvider as provider } from "#test/support/crypto/node-provider.ts";

const fill = (length: number, value: number): Uint8Array<ArrayBuffer> => new Uint8Array(length).fill(value);

const rig = new GroupRig(provider, "ao bm");
const sent = rig.send("b", "hello");
rig.accept("a", "b", sent.senderKey);
const history = rig.historyOf("a");
const leave = rig.propose("b", { type: "leave" }).bytes;
const settingsKey = { epoch: 1, key: fill(32, 1) };

const address = { conversationId: fill(16, 1), attachmentId: fill(16, 2) };
const secret = { fileKey: fill(32, 3), salt: fill(24, 4) };
const { bytes: blob, ...rest } = new AttachmentSealer(provider, address, secret, 0).finish();
const promise = { ...rest, fileKey: secret.fileKey, sizeBytes: 0 };
const pointer = { ...promise, attachmentId: fill(16, 2), mime: "image/png", name: "" };

const { code, ephemeral } = createLinkCode(provider);
const linkRequest = sealLinkRequest(provider, code, { dsk: fill(32, 1), dik: fill(32, 2), name: "x" });
const offer = { accountId: fill(16, 1), certTbs: fill(138, 2), sigAik: fill(64, 3) };
const moderator = { secret: fill(32, 5), pub: provider.x25519PublicKey(fill(32, 5)) };
const reported = {
  conversationId: fill(16, 1),
  clientMsgId: fill(16, 2),
  senderAccountId: fill(16, 3),
  senderDeviceId: 4,
  sequence: 5,
  serverTimeMs: 6,
  commitment: fill(32, 7),
  frankingKey: fill(32, 8),
  tag: fill(32, 9),
  encoded: fill(50, 10),
};
const report = { reporterAccountId: fill(16, 1), reason: "spam" as const, note: "n", messages: [reported] };

const readers: [string, Uint8Array, (bytes: Uint8Array) => unknown][] = [
  ["group operation", leave, parseGroupOp],
  ["executing an operation", leave, (bytes) => extendGroupHistory(provider, history, [bytes], rig.signerOf)],
  ["group body", sent.body, parseGroupBody],
  ["opening a group body", sent.body, (bytes) => rig.open("a", bytes, "b")],
  [
    "key entry",
    encodeGroupKeyEntry({ groupId: fill(16, 1), clientMsgId: fill(16, 2), senderKeyId: fill(8, 3) }),
    parseGroupKeyEntry,
  ],
  ["sender key", encodeSenderKeyMessage(sent.senderKey), parseSenderKeyMessage],
  ["own sender key", encodeOwnSenderKey(rig.of("b").key!), decodeOwnSenderKey],
  ["sender keys", encodeSenderKeys(rig.of("a").senderKeys.get("b")!), decodeSenderKeys],
  ["group history", encodeGroupHistory(history), decodeGroupHistory],
  [
    "group settings",
    sealGroupSettings(provider, settingsKey, { name: "x" }),
    (bytes) => openGroupSettings(provider, settingsKey, bytes),
  ],
  [
    "blob",
    blob,
    (bytes) => {
      const opener = new AttachmentOpener(provider, address, promise);
      opener.push(bytes);
      return opener.finish();
    },
  ],
  ["attachment pointer", encodeCbor(encodePointer(pointer)), (bytes) => parsePointer(decodeCbor(bytes))],
  ["scannable", encodeScannable({ version: 16, local: fill(32, 1), remote: fill(32, 2) }), parseScannable],
  ["link request", linkRequest, (bytes) => openLinkRequest(provider, code, bytes)],
  [
    "link offer",
    sealLinkOffer(linkSender(provider, code, linkRequest), offer),
    (bytes) => openLinkOffer(provider, code, ephemeral, linkRequest, bytes),
  ],
  ["report", encodeReport(report), parseReport],
  [
    "sealed report",
    sealReport(provider, moderator.pub, report),
    (bytes) => openReport(provider, moderator, report.reporterAccountId, bytes),
  ],
];

test.each(readers)(
  "[ATTACK 6] %s: random and edited bytes give a value or a typed refusal",
  (_, valid, read) => expectTypedForAnyBytes(valid, read),
);
