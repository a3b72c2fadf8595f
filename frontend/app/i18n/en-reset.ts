/** The sentences about resetting an account after every key was lost. */
import { formatCount, plural } from "./format.ts";

const moment = new Intl.DateTimeFormat(undefined, {
  day: "numeric",
  month: "long",
  hour: "numeric",
  minute: "2-digit",
});

const wait = (waitMs: number): string => {
  const days = Math.round(waitMs / 86_400_000);
  if (days >= 1) return `${days} ${plural(days, "day", "days")}`;
  const hours = Math.round(waitMs / 3_600_000);
  if (hours >= 1) return `${hours} ${plural(hours, "hour", "hours")}`;
  return "a moment";
};

export const resetText = {
  lost: "I have lost my recovery code, too",
  loading: "Asking the server",
  back: "I have found my recovery code",
  none: {
    title: "Reset this account?",
    lead: (username: string) =>
      `Without a device and without the recovery code nobody can open the keys of @${username}, not even this server. You can go on under your name with new keys.`,
    submit: "Ask for the reset",
    busy: "Asking…",
  },
  cost: {
    label: "What it costs",
    unread: (conversations: number, messages: number) =>
      `${formatCount(messages)} ${plural(messages, "message", "messages")} in ${formatCount(conversations)} ${plural(conversations, "chat", "chats")} stay unreadable`,
    unreadBody: "What was said so far is lost to you for good. So is the backup.",
    warned: "Everybody you write to is warned",
    warnedBody: "Your safety number changes. Whoever compared it with you has to compare it again.",
    devices: (devices: number) =>
      devices === 1 ? "Your old device is signed out" : `Your ${devices} old devices are signed out`,
    devicesBody: "Should one turn up before, it can stop the reset.",
    wait: (waitMs: number) => `You wait ${wait(waitMs)}`,
    waitBody:
      "Your devices are told at once and can say no. So nobody who only knows your password can do this.",
    kept: "Your name, your chats and your groups stay",
    keptBody: "You read on from the day you come back.",
  },
  gone: "The request from this browser was stopped or has run out.",
  waiting: {
    title: "Your reset is on its way",
    lead: (atMs: number) =>
      `Come back to this browser on ${moment.format(atMs)} and log in with your password.`,
    body: "This browser keeps the proof that it was you who asked. Should its data be erased, you can ask again anywhere, and wait once more.",
    withdraw: "Withdraw the request",
    withdrawn: "The request is withdrawn. Nothing has changed.",
  },
  ready: {
    title: "You can reset your account now",
    lead: (untilMs: number) => `The wait is over. There is time until ${moment.format(untilMs)}.`,
    submit: "Reset my account",
  },
  locked: {
    title: "Not at the moment",
    lead: (untilMs: number) =>
      `A device of this account has stopped a reset, or too many are waiting. You can ask again on ${moment.format(untilMs)}.`,
    body: "If you did not stop it yourself, somebody else has a device that is signed in to your account.",
  },
  making: "Making new keys",
  makingBody: "This can take a few seconds. Next you get a new recovery code.",
  alarm: {
    title: "Did you ask to reset this account?",
    body: (requestedAtMs: number, effectiveAtMs: number) =>
      `Somebody who knows your password did, on ${moment.format(requestedAtMs)}. From ${moment.format(effectiveAtMs)} on they can sign out all your devices and write under your name. They cannot read what was said before.`,
    needless: "If it was you: you need no reset while this device works. Link your new one in the settings.",
    stop: "This was not me: stop it",
    mine: "It was me",
    banner: (effectiveAtMs: number) => `This account will be reset on ${moment.format(effectiveAtMs)}.`,
    bannerStop: "Stop it",
    stopped: "Stopped. Nobody can ask again for a week.",
  },
  replaced: {
    title: "Sotto goes on somewhere else",
    body: "A copy of this browser’s data has taken over. Nothing is sent or received here until you go on. If you know of no copy, log out here and log in again: then it can do nothing more.",
    goOn: "Go on here",
    review: "Settings",
  },
  copied: {
    title: "This browser’s data is in use elsewhere, too",
    body: "Somebody may have copied it. Log out here and log in again: then the copy can do nothing more.",
    review: "Settings",
    dismiss: "I know",
  },
} as const;
