/** Texts about devices that a server hides; fetched when there is one. */
export const devicesText = {
  withheldOf: (name: string) => `This server hides a device of ${name}. Your messages may not reach it.`,
  withheldOfMine:
    "This server hides a device of your account from you. If you have not added one, someone else may be reading along.",
};
