/** Makes of a chosen file what a group can have as its picture: the square in its middle, painted anew, so that nothing else of it goes. */
import { isSafePicture, tryPictureSize } from "#core/attachments/picture-size.ts";
import { limits } from "#schema/limits.ts";

/** Phones turn what they have into one of these. */
export const pictureTypes = "image/jpeg,image/png,image/webp,image/gif";
/** Enough to find the size of any picture that a camera makes. */
const headBytes = 1_048_576;
/** The first that is short enough; at this size it is nearly always the very first. */
const qualities = [0.88, 0.75, 0.6, 0.4] as const;

/** Undefined for what is no picture, or none that may be decoded. */
export async function trySquarePicture(file: Blob): Promise<Blob | undefined> {
  try {
    const head = new Uint8Array(await file.slice(0, headBytes).arrayBuffer());
    if (!isSafePicture(tryPictureSize(head))) return undefined;
    const bitmap = await createImageBitmap(file);
    try {
      return await encodeSmall(paintSquare(bitmap));
    } finally {
      bitmap.close();
    }
  } catch {
    return undefined; // this browser cannot open it
  }
}

function paintSquare(bitmap: ImageBitmap): OffscreenCanvas {
  const cut = Math.min(bitmap.width, bitmap.height);
  const side = Math.min(cut, limits.groupPictureSidePx);
  const canvas = new OffscreenCanvas(side, side);
  const context = canvas.getContext("2d");
  if (context === null) throw new Error("no canvas");
  context.fillStyle = "#fff";
  context.fillRect(0, 0, side, side);
  context.imageSmoothingQuality = "high";
  const [left, top] = [(bitmap.width - cut) / 2, (bitmap.height - cut) / 2];
  context.drawImage(bitmap, left, top, cut, cut, 0, 0, side, side);
  return canvas;
}

async function encodeSmall(canvas: OffscreenCanvas): Promise<Blob | undefined> {
  for (const quality of qualities) {
    const picture = await canvas.convertToBlob({ type: "image/jpeg", quality });
    if (picture.size <= limits.groupPictureBytes) return picture;
  }
  return undefined;
}
