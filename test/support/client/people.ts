/** Clients for tests, and waiting until something holds. */
import { Client } from "#core/client.ts";
import type { MessageView } from "#core/client-api.ts";
import type { Environment } from "#core/environment.ts";
import type { ClientStorage } from "#core/store/client-storage.ts";
import { MemoryBlobStore } from "#core/store/memory-blob-store.ts";
import { MemoryStore } from "#core/store/memory-store.ts";
import type { AppLock } from "#core/store/app-lock-store.ts";
import { type Store, StoreError } from "#core/store/store.ts";
import type { ConversationId } from "#schema/ids.ts";
import type { FakeServer } from "./fake-server.ts";

/** A store with a key of its own. */
export function testStorage(store: Store = new MemoryStore()): ClientStorage {
  let key: Uint8Array | AppLock = crypto.getRandomValues(new Uint8Array(32));
  return {
    store,
    blobs: new MemoryBlobStore(),
    async openMasterKey() {
      if (!(key instanceof Uint8Array)) throw new StoreError("STORAGE_FAILED");
      return Uint8Array.from(key);
    },
    destroyMasterKey: async () => {
      key = crypto.getRandomValues(new Uint8Array(32));
    },
    appLock: {
      read: async () => (key instanceof Uint8Array ? undefined : key),
      write: async (lock) => {
        key = structuredClone(lock);
      },
      remove: async (masterKey) => {
        key = Uint8Array.from(masterKey);
      },
    },
  };
}

export interface Person {
  readonly client: Client;
  readonly storage: ClientStorage;
  readonly recoveryCode: string;
}

export async function person(
  server: FakeServer,
  username: string,
  options: { storage?: ClientStorage; environment?: Partial<Environment> } = {},
): Promise<Person> {
  const storage = options.storage ?? testStorage();
  const client = await Client.open(server.environment(options.environment), storage);
  const { recoveryCode } = await client.register({
    username,
    password: `pw of ${username}`,
    deviceName: "test",
  });
  return { client, storage, recoveryCode };
}

/** The same account on another device. */
export async function secondDevice(
  server: FakeServer,
  username: string,
  recoveryCode: string,
  environment: Partial<Environment> = {},
): Promise<Person> {
  const storage = testStorage();
  const client = await Client.open(server.environment(environment), storage);
  await client.login({ username, password: `pw of ${username}` });
  await client.completeLogin({ recoveryCode, deviceName: "second" });
  return { client, storage, recoveryCode };
}

/** Resolves when `probe` gives something else than false or undefined; looks again with every event loop turn. */
export async function until<T>(probe: () => Promise<T | false | undefined>, withinMs = 20_000): Promise<T> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const found = await probe();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > deadline) throw new Error("until: it did not happen");
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

export async function messages(
  client: Client,
  conversationId: ConversationId,
): Promise<readonly MessageView[]> {
  return (await client.listMessages(conversationId, { limit: 1_000 })).messages;
}

/** Texts in order; unreadable ones as `[reason]`. */
export async function texts(client: Client, conversationId: ConversationId): Promise<string[]> {
  return (await messages(client, conversationId)).map(textOf);
}

/** Waits until the client knows the conversation and shows exactly these texts. */
export function shows(
  client: Client,
  conversationId: ConversationId,
  expected: readonly string[],
): Promise<true> {
  return until(async () => {
    const known = await client.listConversations();
    if (!known.some((conversation) => conversation.conversationId === conversationId)) return false;
    const shown = await texts(client, conversationId);
    return shown.length === expected.length && shown.every((text, index) => text === expected[index]);
  });
}

/** What a message shows: its text, `[reason]`, or `(change)`. */
export function textOf({ content }: MessageView): string {
  if (content.type === "unreadable") return `[${content.reason}]`;
  return content.type === "group_change" ? `(${content.change.type})` : content.text;
}

/** For `environment`: changes to own items are gathered for two seconds; nobody has to wait for that here. */
export const hurried: Pick<Environment, "setTimer"> = {
  setTimer(delayMs, callback) {
    const timer = setTimeout(callback, delayMs === 2_000 ? 10 : delayMs);
    return () => clearTimeout(timer);
  },
};
