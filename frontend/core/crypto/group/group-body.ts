import { type Bytes, concat, sameBytes, Writer } from "#schema/envelope/bytes.ts";
import {
  encodeGroupBodyHead,
  type GroupBody,
  groupBodyHeadBytes,
  parseGroupBody,
} from "#schema/envelope/group-body.ts";
import { label, type LabelName } from "#schema/envelope/labels.ts";
import { assertBodyOf, bindingOf, type BodyKey, type SealedBody } from "../body.ts";
import { encodeContent, type MessageContent, type OutgoingContent, parseBoundContent } from "../content.ts";
import { type DeviceAddress } from "../device-identity.ts";
import { assertOr, CryptoError, parsing } from "../errors.ts";
import { contentOfFranked, frankContent, type FrankedContent } from "../franking.ts";
import { pad, unpad } from "../padded.ts";
import { type Provider } from "../provider.ts";
import { type GroupHistory, stateAt, wasMember } from "./group-history.ts";
import { groupChainOf } from "./group-suite1.ts";
import { openInChain, sealInChain } from "./sender-chain.ts";
import { type OwnSenderKey, type SenderKeys } from "./sender-key.ts";

export interface SealedGroupBody extends SealedBody {
  /** The key after this message: to be stored before anything is sent. */
  readonly key: OwnSenderKey;
}

/**
 * Seals and signs a message for a whole group, once (CRYPTO 2.7). Make the capsules for devices that lack the key from `key` as it was
 * before (`senderKeyMessageOf`), so that they open this message too. Throws `RangeError` for content of another conversation.
 */
export function sealGroupBody(
  provider: Provider,
  key: OwnSenderKey,
  group: { readonly epoch: number; readonly stateHash: Uint8Array },
  content: Omit<OutgoingContent, "groupEpoch">,
): SealedGroupBody {
  if (!sameBytes(content.conversationId, key.groupId)) throw new RangeError("content: of another group");
  const encoded = encodeContent({ ...content, groupEpoch: group.epoch });
  const { plaintext, commitment } = frankContent(provider, content, encoded);
  const sender = { accountId: content.senderAccountId, deviceId: content.senderDeviceId };
  const nonce = provider.random(24);
  const sealed = sealInChain(
    groupChainOf(provider),
    key.chain,
    key.signing.secret,
    (number) => ({
      nonce,
      head: encodeGroupBodyHead({
        groupId: key.groupId,
        epoch: group.epoch,
        senderKeyId: key.id,
        number,
        clientMsgId: content.clientMsgId,
        commitment,
        nonce,
      }),
      ...prefixes(group.stateHash, sender),
    }),
    pad(plaintext),
  );
  return {
    body: sealed.bytes,
    bodyKey: sealed.contentKey,
    bodyHash: provider.sha256(sealed.bytes),
    commitment,
    key: { ...key, chain: sealed.chain },
  };
}

/** Where a body was found. */
export interface GroupBodyPlace {
  /** Whose log entry it is. */
  readonly sender: DeviceAddress;
  /** Epoch of the last operation before it in the log. */
  readonly logEpoch: number;
  readonly nowMs: number;
}

export interface OpenedGroupBody {
  readonly content: MessageContent;
  /** Of the sending device, to be stored in the same transaction as the content. */
  readonly keys: SenderKeys;
  /** Opens this body again, alone: for this account's other devices and for reports. */
  readonly bodyKey: Bytes;
  /** The sender did not know the newest operations. */
  readonly isOlderState: boolean;
}

/**
 * Opens a message of a group (CRYPTO 2.7): place in the log, membership, signature, chain, seal, commitment, content. Nothing is changed
 * by a refusal. Throws `CryptoError`: MALFORMED, UNSUPPORTED_VERSION, BAD_BINDING (another group, message, sender or epoch), EPOCH_AHEAD,
 * STALE_EPOCH (sent, or under a key made, before a removal), NOT_MEMBER, NO_SENDER_KEY, BAD_SIGNATURE (also when the sender knows another
 * state of the group), TOO_FAR, DUPLICATE, BAD_TAG, BAD_PADDING, BAD_COMMITMENT.
 */
export function openGroupBody(
  provider: Provider,
  history: GroupHistory,
  place: GroupBodyPlace,
  known: SenderKeys | undefined,
  body: Uint8Array,
): OpenedGroupBody {
  const { sender, logEpoch, nowMs } = place;
  const parsed = parsing(() => parseGroupBody(body));
  const isOfGroup = sameBytes(parsed.groupId, history.head.state.groupId);
  assertOr(isOfGroup, "BAD_BINDING", "group body: of another group");
  const { rotationEpoch } = stateAt(history, logEpoch);
  assertOr(parsed.epoch <= logEpoch, "EPOCH_AHEAD", "group body: ahead of its place in the log");
  assertOr(parsed.epoch >= rotationEpoch, "STALE_EPOCH", "group body: from before a removal");
  const state = stateAt(history, parsed.epoch);
  const isMember = wasMember(history, sender.accountId, parsed.epoch);
  assertOr(isMember, "NOT_MEMBER", "group body: from somebody who was not a member");
  const keys = known?.keys ?? [];
  const at = keys.findIndex(({ id }) => sameBytes(id, parsed.senderKeyId));
  const key = keys[at];
  if (key === undefined) throw new CryptoError("NO_SENDER_KEY", "group body: sender key not known");
  assertOr(key.epoch >= state.rotationEpoch, "STALE_EPOCH", "group body: under a key from before a removal");
  const frame = {
    ...prefixes(state.stateHash, sender),
    number: parsed.number,
    nonce: parsed.nonce,
    head: body.subarray(0, groupBodyHeadBytes),
    ciphertext: parsed.ciphertext,
    signature: parsed.sig,
  };
  const opened = openInChain(groupChainOf(provider), key.chain, key.signingKey, frame, nowMs);
  const { encoded } = contentOf(provider, parsed, sender, opened.plaintext);
  const content = parseBoundContent(encoded, { ...messageOf(parsed, sender), groupEpoch: parsed.epoch });
  return {
    content,
    keys: { keys: keys.with(at, { ...key, chain: opened.chain }) },
    bodyKey: opened.contentKey,
    isOlderState: parsed.epoch < logEpoch,
  };
}

/**
 * Opens a body of a group with its own key, from a capsule of `sender` (the answer to a retry) or from this account's history.
 * `stateHash` is that of the epoch that the body names. Throws as `openBody`.
 */
export function openGroupBodyWithKey(
  provider: Provider,
  body: Uint8Array,
  key: BodyKey,
  sender: DeviceAddress,
  stateHash: Uint8Array,
): MessageContent {
  const parsed = parsing(() => parseGroupBody(body));
  const { encoded } = openFrankedGroupBody(provider, body, key, sender, stateHash);
  return parseBoundContent(encoded, { ...bindingOf(key, sender), groupEpoch: parsed.epoch });
}

/** As `openGroupBodyWithKey`, but gives what a report needs. */
export function openFrankedGroupBody(
  provider: Provider,
  body: Uint8Array,
  key: BodyKey,
  sender: DeviceAddress,
  stateHash: Uint8Array,
): FrankedContent {
  const parsed = parsing(() => parseGroupBody(body));
  assertBodyOf(provider, body, { ...parsed, conversationId: parsed.groupId }, key);
  const ad = concat(prefixes(stateHash, sender).adPrefix, body.subarray(0, groupBodyHeadBytes));
  const plaintext = provider.tryOpen(key.bodyKey, parsed.nonce, parsed.ciphertext, ad);
  assertOr(plaintext !== undefined, "BAD_TAG", "group body: tag");
  return contentOf(provider, parsed, sender, plaintext);
}

function contentOf(
  provider: Provider,
  parsed: GroupBody,
  sender: DeviceAddress,
  plaintext: Uint8Array,
): FrankedContent {
  return contentOfFranked(provider, messageOf(parsed, sender), parsed.commitment, unpad(plaintext));
}

function messageOf(parsed: GroupBody, sender: DeviceAddress) {
  return {
    conversationId: parsed.groupId,
    clientMsgId: parsed.clientMsgId,
    senderAccountId: sender.accountId,
    senderDeviceId: sender.deviceId,
  };
}

/** `L(x) ‖ stateHash ‖ senderAccount ‖ senderDevice u32`, for the associated data and for the signature. */
function prefixes(stateHash: Uint8Array, sender: DeviceAddress) {
  const prefix = (name: LabelName): Bytes =>
    new Writer()
      .bytes(label(name))
      .bytes(stateHash, 32)
      .bytes(sender.accountId, 16)
      .u32(sender.deviceId)
      .done();
  return { adPrefix: prefix("group-msg"), signaturePrefix: prefix("group-sig") };
}
