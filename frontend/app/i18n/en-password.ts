/** The sentences about the account's password. */
import { plural } from "./format.ts";

const moment = new Intl.DateTimeFormat(undefined, {
  day: "numeric",
  month: "long",
  hour: "numeric",
  minute: "2-digit",
});

const wait = (seconds: number): string => {
  if (seconds < 60) return `${seconds} ${plural(seconds, "second", "seconds")}`;
  const minutes = Math.ceil(seconds / 60);
  return `${minutes} ${plural(minutes, "minute", "minutes")}`;
};

export const passwordText = {
  title: "Password",
  lead: "You log in with it on a new device, together with your recovery code or a passkey.",
  change: "Change password",
  dialogTitle: "Change your password",
  dialogLead:
    "You use the new one from your next login on. Your messages, your recovery code and your passkeys stay as they are.",
  current: "Current password",
  next: "New password",
  again: "New password, once more",
  differs: "These two are not the same.",
  isSame: "That is your current password.",
  signOutOthers: "Sign out all other devices",
  signOutOthersHint: "Otherwise they stay signed in. They are told of the change either way.",
  save: "Change",
  working: "Changing…",
  wrong: "That is not your current password.",
  wrongWait: (seconds: number) => `Too many wrong passwords. You can try again in ${wait(seconds)}.`,
  done: (signedOut: number) =>
    signedOut === 0
      ? "Your password is changed."
      : `Your password is changed, and ${signedOut === 1 ? "your other device is" : `${signedOut} other devices are`} signed out.`,
  alarm: {
    title: "Your password was changed",
    body: (atMs: number, deviceName: string | undefined) =>
      `On ${moment.format(atMs)}${deviceName === undefined ? "" : `, from ${deviceName}`}. If that was not you, somebody uses that device: remove it in the settings.`,
    bodyHere: (atMs: number) =>
      `On ${moment.format(atMs)}, from this device. If that was not you, somebody else has used it: look through your devices.`,
    review: "Settings",
    dismiss: "It was me",
  },
} as const;
