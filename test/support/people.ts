/** Real clients of the real server: what `client/people.ts` is to the fake one, with recorded networks. */
import { Client } from "#core/client.ts";
import type { MessageView } from "#core/client-api.ts";
import { nobleProvider } from "#core/crypto/noble-provider.ts";
import type { Provider } from "#core/crypto/provider.ts";
import type { ClientStorage } from "#core/store/client-storage.ts";
import type { ConversationId } from "#schema/ids.ts";
import { limits } from "#schema/limits.ts";
import { testStorage, textOf, until } from "./client/people.ts";
import { RecordedNetwork } from "./recorded-network.ts";

export { testStorage, textOf, until };

export interface LivePerson {
  readonly username: string;
  readonly password: string;
  readonly recoveryCode: string;
  readonly client: Client;
  readonly network: RecordedNetwork;
  readonly storage: ClientStorage;
}

export interface PersonOptions {
  readonly storage?: ClientStorage;
  readonly provider?: Provider;
}

/**
 * The product's provider with a password derivation that costs next to nothing, for suites that are not about
 * passwords: the server cannot tell, because it only ever sees a key.
 */
export const quickPasswordProvider: Provider = {
  ...nobleProvider,
  argon2id: (password, salt, _params, length) =>
    nobleProvider.argon2id(password, salt, { memoryKib: 64, passes: 1, lanes: 1 }, length),
};

export async function signUp(
  origin: string,
  username: string,
  options: PersonOptions = {},
): Promise<LivePerson> {
  const network = new RecordedNetwork(origin, options.provider ?? quickPasswordProvider);
  const storage = options.storage ?? testStorage();
  const password = `the password of ${username}`;
  const client = await Client.open(network.environment, storage);
  const { recoveryCode } = await client.register({ username, password, deviceName: `${username} one` });
  return { username, password, recoveryCode, client, network, storage };
}

/** The same account on a further device. */
export async function signIn(
  origin: string,
  person: LivePerson,
  options: PersonOptions = {},
): Promise<LivePerson> {
  const { username, password, recoveryCode } = person;
  const network = new RecordedNetwork(origin, options.provider ?? quickPasswordProvider);
  const storage = options.storage ?? testStorage();
  const client = await Client.open(network.environment, storage);
  await client.login({ username, password });
  await client.completeLogin({ recoveryCode, deviceName: `${username} another` });
  return { ...person, client, network, storage };
}

/** Closes the client and opens it again on the same storage, as a new process would. */
export async function reopen(
  origin: string,
  person: LivePerson,
  options: PersonOptions = {},
): Promise<LivePerson> {
  await person.client.close();
  const network = new RecordedNetwork(origin, options.provider ?? quickPasswordProvider);
  return { ...person, network, client: await Client.open(network.environment, person.storage) };
}

/** Every message of a conversation that the client shows, however many pages that is. */
export async function allMessages(client: Client, conversationId: ConversationId): Promise<MessageView[]> {
  const found: MessageView[] = [];
  for (let before: number | undefined; ; before = found[0]?.seq) {
    const limit = limits.pageMax * 10;
    const page = await client.listMessages(conversationId, {
      limit,
      ...(before !== undefined && { before }),
    });
    found.unshift(...page.messages);
    if (!page.hasOlder || found[0]?.seq === undefined || page.messages.length === 0) return found;
  }
}

export async function isOnline(client: Client): Promise<boolean> {
  return (await client.connectionStatus()).state === "online";
}

/** As `until`, for probes that cost something: looks ten times a second. */
export async function eventually<T>(
  what: string,
  probe: () => Promise<T | false | undefined> | T | false | undefined,
  withinMs = 30_000,
): Promise<T> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const found = await probe();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > deadline) throw new Error(`did not happen in ${withinMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
