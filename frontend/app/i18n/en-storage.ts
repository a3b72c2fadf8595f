/** The sentences about what the browser keeps, and about what it deleted. */

export const storageText = {
  evictedTitle: "This browser deleted Sotto’s data",
  evictedLead:
    "You were signed in here. The keys and messages that were kept in this browser are gone: it may have run short of space, or its data was cleared.",
  evictedSafe:
    "Your messages are not lost. They are on your other devices and, sealed, in your backup. Log in with your password and your recovery code, and they come back.",
  evictedDevice:
    "This browser then counts as a new device. You can remove the old one in Settings, under Devices.",
  logIn: "Log in again",
  link: "Link to a device you already use",
  somebodyElse: "I never used Sotto here",
  title: "Storage in this browser",
  kept: "Kept",
  keptBody: "The browser does not delete Sotto’s data by itself.",
  notKept: "Not guaranteed",
  notKeptBody: "When space runs short, the browser may delete Sotto’s data. Your backup is not touched.",
  ask: "Ask to keep",
  refused: "The browser did not agree. Installing Sotto as an app usually helps.",
  unknown: "This browser does not say whether it keeps Sotto’s data.",
} as const;
