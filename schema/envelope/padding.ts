/** CRYPTO 2.6: sizes that a padded plaintext may have. Attachments use `padmeLength` with a floor of 1 KiB. */

/**
 * PADMÉ: rounds `length` up so that only O(log log length) bits of it remain visible, at most 12 % larger.
 * Works for any safe integer ≥ 2.
 */
export function padmeLength(length: number): number {
  if (length < 2) return length;
  const exponent = Math.floor(Math.log2(length));
  const keptBits = Math.floor(Math.log2(exponent)) + 1;
  const step = 2 ** (exponent - keptBits);
  return step <= 1 ? length : Math.ceil(length / step) * step;
}

/** `P(length)`: 256, 512, then PADMÉ. */
export function paddedLength(length: number): number {
  if (length <= 256) return 256;
  if (length <= 512) return 512;
  return padmeLength(length);
}

/** Whether `length` is a size that `paddedLength` can give. */
export function isPaddedLength(length: number): boolean {
  return length >= 256 && paddedLength(length) === length;
}
