/** The sentences about the passkeys that unlock an account. */

export const vaultText = {
  title: "Passkeys",
  lead: "A passkey unlocks your account on a new device in place of the recovery code. Keep the code all the same.",
  none: "No passkey yet",
  added: (day: string) => `Added ${day}`,
  add: "Add a passkey",
  remove: (name: string) => `Remove the passkey made in ${name}`,
  addTitle: "Add a passkey",
  addLead: "Your recovery code unlocks your account for this. Then your browser asks for a new passkey.",
  addAction: "Continue",
  removeTitle: (name: string) => `Remove the passkey made in ${name}?`,
  removeLead:
    "It no longer unlocks your account. Your recovery code, or another passkey, confirms that it is you.",
  removeAction: "Remove",
  working: "Unlocking your account…",
  insteadOfCode: "Use a passkey instead",
  isAdded: "The passkey is added.",
  isRemoved: "The passkey is removed.",
  name: (username: string) => `@${username} on Sotto`,
  failures: {
    refused: "The passkey was not used. Try again when you are ready.",
    unsupported: "This passkey cannot unlock an account. Try another one, or use your recovery code.",
  },
  listFailed: "Your passkeys could not be listed.",
} as const;
