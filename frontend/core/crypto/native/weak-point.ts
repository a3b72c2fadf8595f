/** Ed25519 keys that platforms may verify under and we never do (CRYPTO 0, decision 6). */

/** y of a point of order 8; those of small order are 0, 1, -1, this and its negative. */
const orderEightY = 0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n;
const fieldPrime = 2n ** 255n - 19n;
const smallOrderY = [0n, 1n, fieldPrime - 1n, orderEightY, fieldPrime - orderEightY];

/** Whether an encoded Edwards point is of small order or not in its one canonical form. */
export function isWeakPoint(encoded: Uint8Array): boolean {
  let y = 0n;
  for (const byte of encoded.toReversed()) y = (y << 8n) | BigInt(byte);
  y &= 2n ** 255n - 1n;
  return y >= fieldPrime || smallOrderY.includes(y);
}
