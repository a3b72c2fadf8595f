/** What is said about files; a part of `text`. */
import { plural } from "./format.ts";

export const attachments = {
  attach: "Attach files",
  drop: (name: string) => `Drop to send to ${name}`,
  title: (count: number) => plural(count, "Send a file", `Send ${count} files`),
  chosen: "Chosen files",
  caption: "Caption",
  captionHint: (name: string) => `Say something to ${name}`,
  remove: (name: string) => `Remove ${name}`,
  tooLarge: (most: string, size: string) => `At most ${most}; this file has ${size}.`,
  severalTooLarge: (count: number, most: string) =>
    `${count} files are larger than ${most}, the most that can be sent here.`,
  tooMany: (most: number) => `A message takes up to ${most} files. Remove some and send them after.`,
  keepsMetadata: "Place and time that the camera wrote into this picture stay in it.",
  waiting: "Waiting for the network",
  percent: (share: number) => `${share} percent`,
  progress: (done: string, total: string) => `${done} of ${total}`,
  cancelUpload: (name: string, progress: string) => `Cancel sending ${name}, ${progress}`,
  cancelDownload: (name: string, progress: string) => `Cancel loading ${name}, ${progress}`,
  openPicture: (name: string) => `Open picture ${name}`,
  play: (name: string) => `Play ${name}`,
  save: (name: string) => `Save ${name}`,
  album: (count: number) => `${count} pictures and films`,
  place: (index: number, count: number) => `${index} of ${count}`,
  next: "Next",
  previous: "Previous",
  zoom: "Show in full size",
  whole: "Fit to the screen",
  unplayable: "This film cannot be played here. You can save it.",
  summary: {
    image: (count: number) => plural(count, "Photo", `${count} photos`),
    video: (count: number) => plural(count, "Video", `${count} videos`),
    audio: (count: number) => plural(count, "Sound", `${count} sounds`),
    file: (count: number) => plural(count, "File", `${count} files`),
  },
} as const;
