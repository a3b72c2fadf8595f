/** Sentences about the backup and its files, loaded with the settings. */
import { formatCount, plural } from "./format.ts";

export const backupText = {
  title: "Backup",
  lead: "The keys to your messages are sealed here and kept on the server. Your recovery code opens them on a new device.",
  saved: (count: number) => plural(count, "1 message backed up", `${formatCount(count)} messages backed up`),
  nothing: "Nothing to back up yet",
  nothingBody: "It starts by itself with your first message.",
  savedAt: {
    today: (time: string) => `Saved today at ${time}`,
    yesterday: (time: string) => `Saved yesterday at ${time}`,
    on: (day: string) => `Saved ${day}`,
  },
  waiting: (count: number) => plural(count, "1 new", `${formatCount(count)} new`),
  fromBefore: "Brought back from your backup",
  save: "Save now",
  saving: "Saving…",
  off: "Backup is off on this device",
  offBody: "Log out and log in again with your recovery code to turn it on.",
  full: "The backup is full",
  fullBody: "New messages are not saved to it. Export a file to keep their keys.",
  refused: "The server offered a backup that is older than one seen before, or not yours. It was not used.",
  exportAction: "Export a file",
  exportTitle: "Export your keys",
  exportLead:
    "One sealed file with the keys to all your messages. With it you can read them on a new device even if the backup on the server is lost.",
  passphrase: "Passphrase",
  passphraseHint: "At least 10 characters, or your recovery code.",
  exportSubmit: "Export",
  exportWorking: "Sealing the file…",
  fileName: (username: string, day: string) => `sotto-${username}-${day}.sottokeys`,
  exported: "The file is saved in your downloads.",
  importAction: "Import a file",
  importTitle: "Import keys",
  importLead: "Choose a file that you exported from this account. What is here already stays as it is.",
  choose: "Choose a file",
  importSubmit: "Import",
  importWorking: "Opening the file…",
  imported: (count: number) =>
    count === 0
      ? "Everything in this file was here already."
      : plural(
          count,
          "The key to 1 message was added.",
          `The keys to ${formatCount(count)} messages were added.`,
        ),
} as const;
