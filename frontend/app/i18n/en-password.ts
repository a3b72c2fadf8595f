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
  forgotten: "I forgot it",
  forgottenLead: "Your recovery code, or a passkey, shows that it is you. Both stay as they are.",
  known: "I know my password",
  byPasskey: "Your passkey was used. Now choose a new password.",
  changedElsewhere: "The password was being changed elsewhere. Please try again.",
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
  recover: {
    link: "Forgot password?",
    title: "Choose a new password",
    lead: "Your recovery code shows that the account is yours. It unlocks your messages on this device and lets you choose a new password.",
    submit: "Set password and log in",
    working: "Opening your account",
    workingBody:
      "Your recovery code unlocks your keys here, then your new password is set. Your other devices are told.",
    wrong: "This username and this recovery code do not belong together.",
    wrongWait: (seconds: number) => `Too many wrong tries. You can try again in ${wait(seconds)}.`,
    done: "You are logged in, and your new password is set.",
    notSet: "You are logged in, but the password is still the old one. Choose another one in the settings.",
    other: "No recovery code, but another device?",
    otherLink: "Link this one",
  },
  alarm: {
    title: "Your password was changed",
    body: (atMs: number, deviceName: string | undefined) =>
      `On ${moment.format(atMs)}${deviceName === undefined ? "" : `, from ${deviceName}`}. If that was not you, somebody uses that device: remove it in the settings, and choose another password there.`,
    bodyHere: (atMs: number) =>
      `On ${moment.format(atMs)}, from this device. If that was not you, somebody else has used it: look through your devices, and choose another password.`,
    review: "Settings",
    dismiss: "It was me",
  },
} as const;
