/** The sentences about the app lock. */

const delay = (seconds: number): string => {
  if (seconds < 60) return seconds === 1 ? "1 second" : `${seconds} seconds`;
  const minutes = Math.ceil(seconds / 60);
  return minutes === 1 ? "1 minute" : `${minutes} minutes`;
};

export const lockText = {
  screenTitle: "Sotto is locked",
  screenLead: {
    passphrase: "Your passphrase opens it again.",
    passkey: "Your passkey opens it again.",
  },
  passphrase: "Passphrase",
  unlock: "Unlock",
  unlocking: "Unlocking…",
  unlockWithPasskey: "Unlock with your passkey",
  wrong: "That is not it. Please try once more.",
  wrongWait: (seconds: number) => `That is not it. You can try again in ${delay(seconds)}.`,
  wait: (seconds: number) => `You can try again in ${delay(seconds)}.`,
  passkeyRefused: "The passkey was not used. Try again when you are ready.",
  forgot: "I can no longer open it",
  forgotTitle: "Start over in this browser?",
  forgotBody:
    "Nobody can open the lock for you. Sotto can erase what it keeps in this browser, and you log in again with your password and your recovery code. Your messages then come back from the backup and from other people. Drafts and messages that were not sent yet are lost.",
  forgotConfirm: "Erase and log in again",
  title: "App lock",
  off: "Off",
  offBody: "Whoever uses this browser can read your messages here.",
  on: {
    passphrase: "On, with a passphrase",
    passkey: "On, with a passkey",
  },
  onBody: "Locks when you start Sotto, and when you press Ctrl or ⌘ with Shift and L.",
  setPassphrase: "Use a passphrase",
  setPasskey: "Use a passkey",
  lockNow: "Lock now",
  change: "Change",
  turnOff: "Turn off",
  autoLock: "Lock by itself",
  autoLockShort: {
    hidden: "Hidden",
    1: "1 min",
    5: "5 min",
    15: "15 min",
    60: "1 hour",
  },
  autoLockHint: (minutes: number) =>
    minutes === 0
      ? "As soon as Sotto is on no screen."
      : minutes === 60
        ? "After an hour without you."
        : `After ${delay(minutes * 60)} without you.`,
  setTitle: "Lock Sotto in this browser",
  setLead:
    "Your messages here can then only be read with this passphrase. It never leaves this browser, and nobody can reset it.",
  changeTitle: "Change the app lock",
  current: "Current passphrase",
  next: "New passphrase",
  hint: "At least 10 characters. A few words are easy to remember.",
  save: "Turn on",
  saveChange: "Change",
  working: "Sealing your keys…",
  removeTitle: "Turn off the app lock?",
  removeBody: "Whoever uses this browser can then read your messages here.",
  isOn: "The app lock is on.",
  isChanged: "The app lock is changed.",
  isOff: "The app lock is off.",
  passkeyName: (username: string) => `Sotto lock of @${username}`,
  passkeyMissing: "This browser or key cannot open a lock. Use a passphrase instead.",
} as const;
