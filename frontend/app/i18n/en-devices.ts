/** Texts about devices that a server hides; fetched when there is one. */
export const devicesText = {
  withheldOf: (name: string) =>
    `${name} uses a device that this server does not show. It may be keeping messages from it.`,
  withheldOfMine:
    "Your account has a device that this server does not show here. Look at your devices and sign out any you do not know.",
};
