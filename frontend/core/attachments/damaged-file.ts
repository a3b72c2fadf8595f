/** A blob that is not what the message promised: altered, cut, exchanged, or sealed under another key. */
export class DamagedFileError extends Error {
  override readonly name = "DamagedFileError";
}
