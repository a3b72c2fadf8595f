/** Attachments, safety numbers, links and reports, frozen: see `frozen-cases.ts` for the rules. */
import { concat } from "#schema/envelope/bytes.ts";
import { AttachmentSealer } from "#core/crypto/attachment/attachment.ts";
import { createAttachmentSecret } from "#core/crypto/attachment/attachment-cipher.ts";
import { type AttachmentPointer } from "#core/crypto/attachment/pointer.ts";
import { openFrankedBody, sealBody } from "#core/crypto/body.ts";
import { encodeContent } from "#core/crypto/content.ts";
import { createAccountKey } from "#core/crypto/device-identity.ts";
import { createLinkCode, formatLinkCode } from "#core/crypto/link/link-code.ts";
import { linkEmoji } from "#core/crypto/link/link-emoji.ts";
import { sealLinkProof, sealLinkRequest } from "#core/crypto/link/link-request.ts";
import { linkSender, sealLinkGrant, sealLinkOffer } from "#core/crypto/link/link-transfer.ts";
import { encodeReport, type Report } from "#core/crypto/report/report.ts";
import { frankingTag, sealReport } from "#core/crypto/report/sealed-report.ts";
import { safetyNumber } from "#core/crypto/verification/safety-number.ts";
import { startMs } from "#test/support/crypto/peers.ts";
import { deterministicProviderForTesting } from "#test/support/crypto/seeded-random.ts";
import { toHex } from "./wycheproof-files.ts";

const fill = (length: number, value: number): Uint8Array<ArrayBuffer> => new Uint8Array(length).fill(value);
const said = {
  conversationId: fill(16, 0xc0),
  clientMsgId: fill(16, 0xc1),
  senderAccountId: fill(16, 0xa1),
  senderDeviceId: 1,
  sentAtMs: startMs,
};

/** Byte i of a file is `(31 i + ⌊i / 256⌋) mod 256`. Blobs are given by their hash, head and last 32 bytes. */
export function attachments(): object {
  const provider = deterministicProviderForTesting("attachments");
  const files = [0, 1, 65_535, 65_536, 65_537, 200_000].map((sizeBytes, index) => {
    const address = { conversationId: fill(16, 0xc0), attachmentId: fill(16, index) };
    const secret = createAttachmentSecret(provider);
    const file = Uint8Array.from({ length: sizeBytes }, (_, at) => (at * 31 + (at >> 8)) & 255);
    const sealer = new AttachmentSealer(provider, address, secret, sizeBytes);
    const first = sealer.push(file);
    const { bytes, blobBytes, blobHash } = sealer.finish();
    const blob = concat(first, bytes);
    const pointer: AttachmentPointer = {
      attachmentId: address.attachmentId,
      fileKey: secret.fileKey,
      sizeBytes,
      blobBytes,
      blobHash,
      mime: "image/webp",
      name: "photo.webp",
      ...(index % 2 === 1 && { width: 640, height: 480, preview: fill(5, 6), waveform: fill(4, 7) }),
    };
    const content = { ...said, payload: { type: "attachments" as const, text: "", attachments: [pointer] } };
    return {
      conversationId: toHex(address.conversationId),
      attachmentId: toHex(address.attachmentId),
      fileKey: toHex(secret.fileKey),
      salt: toHex(secret.salt),
      sizeBytes,
      blobBytes,
      blobHash: toHex(blobHash),
      head: toHex(blob.subarray(0, 56)),
      tail: toHex(blob.subarray(-32)),
      content: toHex(encodeContent(content)),
    };
  });
  return { files };
}

export function safetyNumbers(): object {
  const provider = deterministicProviderForTesting("safety-numbers");
  const identities = [1, 2].map((value) => ({
    accountId: fill(16, value),
    aik: createAccountKey(provider).pub,
  }));
  const [own, other] = identities as [(typeof identities)[0], (typeof identities)[0]];
  const [ours, theirs] = [safetyNumber(provider, own, other), safetyNumber(provider, other, own)];
  return {
    identities: identities.map(({ accountId, aik }) => ({ accountId: toHex(accountId), aik: toHex(aik) })),
    digits: ours.groups.join(""),
    qrPayloads: [toHex(ours.qrPayload), toHex(theirs.qrPayload)],
  };
}

export function link(): object {
  const provider = deterministicProviderForTesting("link");
  const { code, ephemeral } = createLinkCode(provider);
  const request = { dsk: fill(32, 1), dik: fill(32, 2), name: "Firefox on Linux" };
  const sealedRequest = sealLinkRequest(provider, code, request);
  const sender = linkSender(provider, code, sealedRequest);
  const offer = { accountId: fill(16, 3), certTbs: fill(138, 4), sigAik: fill(64, 5) };
  const grant = {
    deviceCert: fill(266, 6),
    deviceList: fill(200, 7),
    vault: fill(300, 8),
    historyPack: fill(10, 9),
  };
  return {
    code: formatLinkCode(code),
    ephemeralSecret: toHex(ephemeral.secret),
    request: {
      dsk: toHex(request.dsk),
      dik: toHex(request.dik),
      name: request.name,
      sealed: toHex(sealedRequest),
    },
    offer: toHex(sealLinkOffer(sender, offer)),
    proof: toHex(sealLinkProof(provider, code, fill(64, 10))),
    grant: toHex(sealLinkGrant(sender.context, grant)),
    emoji: linkEmoji(sender.context).map(({ name }) => name),
  };
}

export function reports(): object {
  const provider = deterministicProviderForTesting("reports");
  const secret = provider.random(32);
  const dayKey = provider.random(32);
  const sender = { accountId: said.senderAccountId, deviceId: said.senderDeviceId };
  const messages = ["something bad", "what came before"].map((text, index) => {
    const content = { ...said, payload: { type: "text" as const, text } };
    const sealed = sealBody(provider, content);
    const evidence = openFrankedBody(provider, sealed.body, { ...content, ...sealed }, sender);
    const { sentAtMs: _, ...names } = said;
    const delivery = { ...names, ...evidence, sequence: 9 - index, serverTimeMs: startMs + 5 };
    return { ...delivery, tag: frankingTag(provider, dayKey, delivery) };
  });
  const report: Report = {
    reporterAccountId: fill(16, 0xb2),
    reason: "abuse",
    note: "Bitte pr\u00fcfen",
    messages,
  };
  return {
    dayKey: toHex(dayKey),
    moderatorSecret: toHex(secret),
    reporterAccountId: toHex(report.reporterAccountId),
    report: toHex(encodeReport(report)),
    sealed: toHex(sealReport(provider, provider.x25519PublicKey(secret), report)),
  };
}
