/** Looks at a file that was chosen: its size in pixels, its length, a tiny picture of it. Nothing of it leaves here. */
import type { OutgoingFile } from "#core/client-api.ts";
import { isSafePicture, tryPictureSize } from "#core/attachments/picture-size.ts";

/** Enough to find the size of any picture that a camera makes: big previews lie before it. */
const headBytes = 1_048_576;
const previewSidePx = 40;
const previewMaxBytes = 2_048;
const previewMime = "image/jpeg";
const metadataTimeoutMs = 8_000;

type Facts = Pick<OutgoingFile, "width" | "height" | "durationMs" | "preview">;

/** What can be found out; a file that is not what its type says is sent as a plain file. */
export async function inspectFile(file: File): Promise<OutgoingFile> {
  const plain = { file, name: file.name === "" ? "file" : file.name, mime: file.type };
  try {
    if (file.type.startsWith("image/")) return { ...plain, ...(await inspectPicture(file)) };
    if (file.type.startsWith("video/")) return { ...plain, ...(await inspectVideo(file)) };
    if (file.type.startsWith("audio/")) return { ...plain, ...(await inspectAudio(file)) };
  } catch {
    // This browser cannot open it; the other side may.
  }
  return plain;
}

async function inspectPicture(file: File): Promise<Facts & { mime?: string }> {
  const size = tryPictureSize(new Uint8Array(await file.slice(0, headBytes).arrayBuffer()));
  if (!isSafePicture(size)) return {};
  const bitmap = await createImageBitmap(file);
  try {
    const { width, height } = bitmap;
    return { mime: size.mime, width, height, ...(await previewOf(bitmap, width, height)) };
  } finally {
    bitmap.close();
  }
}

async function inspectVideo(file: File): Promise<Facts> {
  return withMedia("video", file, async (video) => {
    if (!(video instanceof HTMLVideoElement) || video.videoWidth === 0) return lengthOf(video);
    // The very first frame is often black.
    video.currentTime = Math.min(1, Number.isFinite(video.duration) ? video.duration / 10 : 0);
    await happened(video, "seeked");
    const { videoWidth: width, videoHeight: height } = video;
    return { width, height, ...lengthOf(video), ...(await previewOf(video, width, height)) };
  });
}

function inspectAudio(file: File): Promise<Facts> {
  return withMedia("audio", file, async (audio) => lengthOf(audio));
}

/** Recordings made by browsers do not know how long they are. */
function lengthOf({ duration }: HTMLMediaElement): Facts {
  return Number.isFinite(duration) && duration > 0 ? { durationMs: Math.round(duration * 1_000) } : {};
}

async function withMedia(
  kind: "audio" | "video",
  file: File,
  look: (element: HTMLMediaElement) => Promise<Facts>,
): Promise<Facts> {
  const element = document.createElement(kind);
  const url = URL.createObjectURL(file);
  try {
    element.preload = "auto";
    element.muted = true;
    element.src = url;
    await happened(element, "loadeddata");
    return await look(element);
  } finally {
    element.removeAttribute("src");
    element.load();
    URL.revokeObjectURL(url);
  }
}

function happened(element: HTMLMediaElement, event: "loadeddata" | "seeked"): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("the media did not load")), metadataTimeoutMs);
    const settle = (end: () => void) => () => {
      clearTimeout(timer);
      end();
    };
    element.addEventListener(event, settle(resolve), { once: true });
    element.addEventListener(
      "error",
      settle(() => reject(new Error("the media is not understood"))),
      { once: true },
    );
  });
}

/** Small enough to travel inside the message; shown blurred until the picture is there. */
async function previewOf(source: CanvasImageSource, width: number, height: number): Promise<Facts> {
  const scale = previewSidePx / Math.max(width, height);
  const canvas = new OffscreenCanvas(Math.max(1, width * scale), Math.max(1, height * scale));
  const context = canvas.getContext("2d");
  if (context === null) return {};
  context.fillStyle = "#fff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(source, 0, 0, canvas.width, canvas.height);
  const blob = await canvas.convertToBlob({ type: previewMime, quality: 0.6 });
  return blob.size <= previewMaxBytes ? { preview: new Uint8Array(await blob.arrayBuffer()) } : {};
}
