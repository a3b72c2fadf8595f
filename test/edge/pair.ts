/** Two people with a direct conversation, and messages between them that the server accepts. */
import {
  addRawDevice,
  createRawConversation,
  type RawAccount,
  type RawDevice,
  registerRaw,
} from "#test/support/raw-account.ts";
import { type RawAddress, rawMessage } from "#test/support/raw-frames.ts";
import type { MessageSend } from "#schema/protocol/message.ts";
import { origin } from "./live-client.ts";

let people = 0;

/** A name nobody in this run has. */
export function newName(): string {
  people += 1;
  return `person${people}`;
}

export interface Pair {
  readonly id: string;
  readonly anna: RawAccount;
  readonly ben: RawAccount;
  readonly annaToken: string;
  readonly benToken: string;
}

export async function makePair(devices: { anna?: number; ben?: number } = {}): Promise<Pair> {
  const anna = await registerRaw(origin, newName());
  const ben = await registerRaw(origin, newName());
  for (let count = 1; count < (devices.anna ?? 1); count += 1) await addRawDevice(origin, anna);
  for (let count = 1; count < (devices.ben ?? 1); count += 1) await addRawDevice(origin, ben);
  const id = await createRawConversation(origin, firstDevice(anna), ben);
  return { id, anna, ben, annaToken: tokenOf(anna), benToken: tokenOf(ben) };
}

export function firstDevice(account: RawAccount): RawDevice {
  const [first] = account.devices;
  if (first === undefined) throw new Error("an account without a device");
  return first;
}

export function tokenOf(account: RawAccount, index = 0): string {
  const device = account.devices[index];
  if (device === undefined) throw new Error("no such device");
  return device.session.accessToken;
}

/** A message from Anna's or Ben's device with this index to every other device of both. */
export function messageFrom(pair: Pair, from: RawAccount, index = 0): MessageSend {
  const to: RawAddress[] = [pair.anna, pair.ben].flatMap((account) =>
    account.devices
      .map((device) => ({ account: account.account, device: device.own.cert.deviceId }))
      .filter((address) => !(account === from && address.device === from.devices[index]?.own.cert.deviceId)),
  );
  const lists = [pair.anna, pair.ben].map(({ account, list }) => ({ account, version: list.version }));
  return rawMessage(pair.id, to, lists);
}
