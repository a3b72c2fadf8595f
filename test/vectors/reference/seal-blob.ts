/** Sealing of a blob (CRYPTO 2.11), for comparing hashes: the keystream and Poly1305 come from `node:crypto`. */
import { padme } from "./layouts.ts";
import { hkdf, labelled, seal } from "./primitives.ts";

export function sealBlob(
  file: Buffer,
  fileKey: Buffer,
  salt: Buffer,
  address: { conversationId: Buffer; attachmentId: Buffer },
): Buffer {
  const info = Buffer.concat([labelled("att1"), address.conversationId, address.attachmentId]);
  const okm = hkdf(salt, fileKey, info, 88);
  const padded = Buffer.alloc(padme(Math.max(1024, file.length)));
  file.copy(padded);
  const parts = [salt, okm.subarray(56)];
  for (let index = 0; index <= Math.floor(padded.length / 65_536); index += 1) {
    const nonce = BigInt(`0x${okm.subarray(32, 56).toString("hex")}`) ^ BigInt(index);
    const chunk = padded.subarray(index * 65_536, (index + 1) * 65_536);
    parts.push(seal(okm.subarray(0, 32), Buffer.from(nonce.toString(16).padStart(48, "0"), "hex"), chunk));
  }
  return Buffer.concat(parts);
}
