/**
 * Who talks with whom. Every kind of conversation has a maker; another kind is another maker, and its share of the
 * conversations is chosen in `cast`.
 */
import { addRawDevice, createRawConversation, type RawAccount, registerRaw } from "../support/raw-account.ts";
import { type LivePerson, signIn, signUp } from "../support/people.ts";
import type { SoakClient } from "./client.ts";
import { RawClient } from "./raw-client.ts";
import { RawGroup } from "./raw-group.ts";
import { RealClient } from "./real-client.ts";
import { directSpeech } from "./speech.ts";

export interface SoakConversation {
  readonly conversationId: string;
  readonly clients: readonly SoakClient[];
  /** Whose inboxes are told; for evictions. */
  readonly accounts: readonly string[];
  /** In a group: someone goes, or comes back. */
  readonly change?: (chosen: number) => Promise<void>;
  /** Everyone who is out comes back. */
  readonly reunite?: () => Promise<void>;
}

const groupSizes = [5, 12, 8, 20, 6, 10];

/** Makes one conversation with about that many clients in it. */
type Maker = (origin: string, index: number, clients: number) => Promise<SoakConversation>;

export interface CastOptions {
  readonly clients: number;
  readonly conversations: number;
  /** Conversations whose clients are the product's own, with ciphers. */
  readonly real: number;
  /** Conversations that are groups, of 5 to 20 accounts whatever the number of clients. */
  readonly groups: number;
}

export async function cast(origin: string, options: CastOptions): Promise<SoakConversation[]> {
  const perConversation = Math.max(2, Math.round(options.clients / options.conversations));
  const conversations: SoakConversation[] = [];
  for (let index = 0; index < options.conversations; index += 1) {
    const { real, groups } = options;
    const make: Maker = index < real ? realPair : index < real + groups ? rawGroup : rawPair;
    conversations.push(await make(origin, index, perConversation));
  }
  return conversations;
}

/** Two accounts that share the devices evenly, without ciphers. */
const rawPair: Maker = async (origin, index, clients) => {
  const accounts = await Promise.all(
    ["a", "b"].map((side) => registerRaw(origin, `soak.raw${index}${side}`)),
  );
  for (let device = 2; device < clients; device += 1) await addRawDevice(origin, accounts[device % 2]!);
  const [first, second] = accounts as [RawAccount, RawAccount];
  const conversationId = await createRawConversation(origin, first.devices[0]!, second);
  return {
    conversationId,
    clients: accounts.flatMap((account) =>
      account.devices.map((device) => {
        const speech = directSpeech(conversationId, accounts, account, device);
        return new RawClient(origin, conversationId, speech, account, device);
      }),
    ),
    accounts: accounts.map(({ account }) => account),
  };
};

/** One device for each account; the first one never goes. */
const rawGroup: Maker = async (origin, index) => {
  const accounts: RawAccount[] = [];
  for (let count = groupSizes[index % groupSizes.length]!; count > 0; count -= 1)
    accounts.push(await registerRaw(origin, `soak.group${index}.${count}`));
  const group = await RawGroup.found(origin, accounts);
  const clients = new Map(
    accounts.map((account) => [
      account.account,
      new RawClient(origin, group.id, group.speech(account), account, account.devices[0]!),
    ]),
  );
  const add = async ({ account }: RawAccount): Promise<void> => {
    await group.add(account);
    clients.get(account)?.comeBack();
  };
  const missing = () => accounts.filter((account) => !group.members.includes(account));
  return {
    conversationId: group.id,
    clients: [...clients.values()],
    accounts: accounts.map(({ account }) => account),
    change: async (chosen) => {
      const guest = accounts[1 + (chosen % (accounts.length - 1))]!;
      if (group.members.includes(guest)) await group.remove(guest.account);
      else await add(guest);
    },
    reunite: async () => {
      for (const account of missing()) await add(account);
    },
  };
};

/** The same with the product's own clients. */
const realPair: Maker = async (origin, index, clients) => {
  const people = await Promise.all(["a", "b"].map((side) => signUp(origin, `soak.real${index}${side}`)));
  for (let device = 2; device < clients; device += 1) people.push(await signIn(origin, people[device % 2]!));
  const [first, second] = people;
  if (first === undefined || second === undefined) throw new Error("nobody came");
  const { conversationId } = await first.client.startConversation(second.username);
  // Otherwise a device learns of the conversation with its first message, and could not begin.
  for (const { client, username } of people) {
    await client.startConversation(username === first.username ? second.username : first.username);
  }
  const accounts = await Promise.all([first, second].map(accountOf));
  const members: RealClient[] = [];
  for (const [place, person] of people.entries()) {
    members.push(await RealClient.takeOver(origin, person, `${person.username}.${place}`, conversationId));
  }
  return { conversationId, clients: members, accounts };
};

async function accountOf({ client }: LivePerson): Promise<string> {
  const status = await client.accountStatus();
  if (status.state !== "signed_in") throw new Error("not signed in");
  return status.account;
}
