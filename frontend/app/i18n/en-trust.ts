/** Sentences about whom one is talking to, the menu of a message, and reports. */
import { plural } from "./format.ts";

export const trustText = {
  contact: {
    title: "Contact",
    number: "Security number",
    numberHint: (name: string) =>
      `Look at this number on ${name}’s screen, or read it out to each other. If it is the same on both, nobody is listening in between.`,
    verifiedHint: (name: string) => `You have compared this number with ${name}.`,
    code: "Code for the other person’s camera",
    scan: "Scan their code",
    scanning: "Point the camera at the code on the other screen.",
    scanStop: "Stop the camera",
    cameraFailed: "The camera could not be used. Compare the digits instead.",
    field: "Paste their number",
    compare: "Compare",
    results: {
      same: "The numbers are the same.",
      different:
        "The numbers are not the same. Do not mark this contact as verified, and talk to them another way.",
      not_a_number: "That is not a security number. It has 60 digits.",
      other_version: "That code is from another version of the app. Update both and try again.",
    },
    mark: "Mark as verified",
    clear: "Clear verification",
    marked: (name: string) => `${name} is verified.`,
    failed: "The number could not be computed. Check your connection and try again.",
  },
  trust: {
    held: (name: string) => `${name}’s security number changed since you verified it.`,
    heldBody: "Your messages wait here until you compare the new number or choose to send them anyway.",
    compare: "Compare",
    sendAnyway: "Send anyway",
    sendAnywayTitle: (name: string) => `Send to ${name} without comparing?`,
    sendAnywayBody: (name: string) =>
      `This happens when ${name} set up the account anew. It also happens when somebody pretends to be ${name}.`,
    changedBody: (name: string) =>
      `The number changed because ${name} set up the account anew, or because somebody else pretends to be ${name}. Comparing it shows which.`,
    contradicted: (name: string) =>
      `The server gives out keys for ${name} that do not fit the ones you know. They are not used.`,
  },
  menu: {
    label: "Message",
    copy: "Copy",
    report: "Report…",
    copied: "The message is copied.",
  },
  report: {
    title: "Report this message",
    lead: (name: string) =>
      `The people who run this server get the messages below, with proof that they were sent like this. ${name} is not told. Nobody else sees the report.`,
    reason: "What is wrong with it?",
    reasons: {
      spam: "Spam",
      abuse: "Insults or threats",
      illegal: "Something illegal",
      other: "Something else",
    },
    previous: (count: number) =>
      plural(count, "Send the message before it too", `Send the ${count} messages before it too`),
    note: "Anything to add? (optional)",
    preview: "This is what they will read",
    you: "You",
    submit: "Send report",
    sent: "Your report is with the people who run this server.",
  },
} as const;
