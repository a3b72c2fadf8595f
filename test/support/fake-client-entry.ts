/** Stands in for the app's client in fake mode. The scene is chosen in the address: `?scene=empty`. */
import type { ConnectionStatus } from "#core/client-api.ts";
import { createFakeClient, type FakeClient, type FakeOptions } from "./fake-client.ts";
import { FakeFiles } from "./fake-files.ts";
import { fileScene, paintGroups } from "./fake-pictures.ts";
import { conversations } from "./fake-client-data.ts";
import { groups } from "./fake-group-data.ts";

const forever = (): Promise<never> => new Promise(() => undefined);
const dayMs = 86_400_000;
const wait = (delayMs: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, delayMs));

function optionsFor(scene: string, nowMs: number): FakeOptions {
  const all = [...conversations(nowMs), ...groups(nowMs)];
  const waiting: ConnectionStatus = {
    state: "waiting",
    attempt: 3,
    retryAtMs: nowMs + 8_000,
    sinceMs: nowMs - 9_000,
  };
  const backup = {
    state: "on",
    savedAtMs: nowMs - 26 * 3_600_000,
    savedMessages: 2_918,
    waitingMessages: 0,
    restoring: undefined,
    refused: false,
  } as const;
  switch (scene) {
    case "signed_out":
      return { signedIn: false };
    case "deriving":
      return { signedIn: false, delay: (what) => (what === "derive" ? forever() : Promise.resolve()) };
    case "ended":
      return { signedIn: false, account: { state: "ended", username: "mira", reason: "logged_out" } };
    case "ended_security":
      return { signedIn: false, account: { state: "ended", username: "mira", reason: "security" } };
    case "locked":
      return {
        signedIn: false,
        conversations: all,
        lock: { question: { type: "passphrase" }, autoLockMs: 900_000 },
        account: { state: "locked", question: { type: "passphrase" }, nextTryAtMs: 0 },
      };
    case "locked_wait":
      return {
        signedIn: false,
        lock: { question: { type: "passphrase" }, autoLockMs: 900_000 },
        account: { state: "locked", question: { type: "passphrase" }, nextTryAtMs: nowMs + 42_000 },
      };
    case "locked_passkey": {
      const question = {
        type: "passkey",
        credentialId: new Uint8Array(16),
        salt: new Uint8Array(32),
      } as const;
      return {
        signedIn: false,
        lock: { question, autoLockMs: 0 },
        account: { state: "locked", question, nextTryAtMs: 0 },
      };
    }
    case "reset_locked":
      return { signedIn: false, reset: { state: { type: "locked", untilMs: nowMs + 6 * dayMs } } };
    case "reset_gone":
      return { signedIn: false, reset: { state: { type: "none" } } };
    case "reset_ready":
      return { signedIn: false, reset: { state: { type: "ready", expiresAtMs: nowMs + 13 * dayMs } } };
    case "reset_alarm": {
      const reset = { requestedAtMs: nowMs - dayMs, effectiveAtMs: nowMs + 6 * dayMs };
      return { signedIn: true, conversations: all, reset: { alarms: { reset } } };
    }
    case "password_alarm": {
      const password = { changedAtMs: nowMs - 600_000, device: 2 };
      return { signedIn: true, conversations: all, reset: { alarms: { password } } };
    }
    case "replaced":
      return { signedIn: true, conversations: all, reset: { alarms: { isReplaced: true } } };
    case "copied":
      return { signedIn: true, conversations: all, reset: { alarms: { copiedAtMs: nowMs - 60_000 } } };
    case "passkeys":
      return { signedIn: true, conversations: all, passkeys: 2 };
    case "signed_out_passkey":
      return { signedIn: false, passkeys: 1 };
    case "lock_on":
      return {
        signedIn: true,
        conversations: all,
        lock: { question: { type: "passphrase" }, autoLockMs: 300_000 },
      };
    case "empty":
      return { signedIn: true };
    case "loading":
      return { signedIn: true, delay: forever };
    case "waiting":
      return { signedIn: true, conversations: all, connection: waiting };
    case "backup_full":
      return {
        signedIn: true,
        conversations: all,
        backup: { ...backup, state: "full", waitingMessages: 12 },
      };
    case "backup_off":
      return { signedIn: true, conversations: all, backup: { state: "off" } };
    case "restoring":
      return {
        signedIn: true,
        conversations: all,
        backup: {
          ...backup,
          savedMessages: 41_200,
          savedAtMs: undefined,
          restoring: { messages: 41_200, ofMessages: 98_000 },
        },
      };
    case "updating":
      return { signedIn: true, conversations: all, connection: { state: "updating" } };
    default:
      return { signedIn: true, conversations: all, delay: (what) => wait(what === "derive" ? 1_500 : 60) };
  }
}

declare global {
  /** The scene's strings to pull, for scripts that drive a browser. */
  var fakeClient: FakeClient | undefined;
}

async function showFiles(client: FakeClient, files: FakeFiles, nowMs: number): Promise<void> {
  const { conversation, transfers } = await fileScene(files, nowMs);
  client.show(conversation);
  for (const transfer of transfers) client.tell(transfer);
}

export function createClient(): FakeClient {
  const scene = new URLSearchParams(globalThis.location.search).get("scene") ?? "";
  const nowMs = Date.now();
  const files = new FakeFiles(scene === "small_limit" ? 1_600_000 : undefined);
  const options = optionsFor(scene, nowMs);
  const client = createFakeClient({ ...options, files });
  globalThis.fakeClient = client;
  if (scene === "files" || scene === "pictures") {
    const painted =
      scene === "files" ? showFiles(client, files, nowMs) : paintGroups(options.conversations ?? []);
    const listConversations = async () => {
      await painted;
      return client.api.listConversations();
    };
    return { ...client, api: { ...client.api, listConversations } };
  }
  if (scene === "failure") {
    return {
      ...client,
      api: { ...client.api, accountStatus: () => Promise.reject(new Error("no storage")) },
    };
  }
  return client;
}
