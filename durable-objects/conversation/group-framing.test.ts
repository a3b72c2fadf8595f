import { describe, expect, test } from "vitest";
import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";
import { groupMessage, keyEntry, newKeyId } from "#test/support/raw-group.ts";
import { GroupFraming } from "./group-framing.ts";

const groupId = "AAECAwQFBgcICQoLDA0ODw";
const other = "EAECAwQFBgcICQoLDA0ODw";
const framing = () => new GroupFraming(decodeBase64url(groupId));

describe("group framing", () => {
  test("[GR10] a message is read with its epoch and key, however often the sender or the key changes", () => {
    const group = framing();
    const keys = [newKeyId(), newKeyId()];
    for (let index = 0; index < 40; index += 1) {
      const keyId = keys[index % 3 === 0 ? 0 : 1] ?? "";
      const { body, clientMessageId } = groupMessage({ groupId, epoch: 1 + (index % 4), keyId });
      expect(group.tryEntry(body, clientMessageId)).toEqual({
        type: "message",
        epoch: 1 + (index % 4),
        keyId,
      });
    }
  });

  test("[CV7] one for another group or another id, or with any bit of its start or its id changed, is none", () => {
    const group = framing();
    const keyId = newKeyId();
    const { body, clientMessageId } = groupMessage({ groupId, epoch: 1, keyId });
    expect(group.tryEntry(body, clientMessageId)).toBeDefined();
    const elsewhere = groupMessage({ groupId: other, epoch: 1, keyId });
    expect(group.tryEntry(elsewhere.body, elsewhere.clientMessageId)).toBeUndefined();
    const again = groupMessage({ groupId, epoch: 1, keyId });
    expect(group.tryEntry(body, again.clientMessageId)).toBeUndefined();
    const bytes = decodeBase64url(body);
    for (let bit = 0; bit < 51 * 8; bit += 1) {
      const at = bit >> 3;
      const isFree = at >= 19 && at < 35; // epoch, key and number may be anything
      const changed = Uint8Array.from(bytes, (byte, index) =>
        index === at ? byte ^ (1 << (bit & 7)) : byte,
      );
      const entry = framing().tryEntry(encodeBase64url(changed), clientMessageId);
      expect([bit, entry !== undefined]).toEqual([bit, isFree]);
    }
    for (const spoilt of ["", "A", body.slice(0, 60), `${body}AAAA`, body.replace("A", "é")]) {
      expect(group.tryEntry(spoilt, clientMessageId)).toBeUndefined();
    }
    expect(group.tryEntry(body, "")).toBeUndefined();
  });

  test("[GR7] a key entry is read with its key", () => {
    const keyId = newKeyId();
    const { body, clientMessageId } = keyEntry({ groupId, keyId });
    expect(framing().tryEntry(body, clientMessageId)).toEqual({ type: "key", keyId });
    expect(framing().tryEntry(body, keyEntry({ groupId, keyId }).clientMessageId)).toBeUndefined();
  });
});
