/** Stands in for the app's client in fake mode. The scene is chosen in the address: `?scene=empty`. */
import type { ConnectionStatus } from "#core/client-api.ts";
import { createFakeClient, type FakeClient, type FakeOptions } from "./fake-client.ts";
import { conversations } from "./fake-client-data.ts";
import { groups } from "./fake-group-data.ts";

const forever = (): Promise<never> => new Promise(() => undefined);
const wait = (delayMs: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, delayMs));

function optionsFor(scene: string, nowMs: number): FakeOptions {
  const all = [...conversations(nowMs), ...groups(nowMs)];
  const waiting: ConnectionStatus = {
    state: "waiting",
    attempt: 3,
    retryAtMs: nowMs + 8_000,
    sinceMs: nowMs - 9_000,
  };
  switch (scene) {
    case "signed_out":
      return { signedIn: false };
    case "deriving":
      return { signedIn: false, delay: (what) => (what === "derive" ? forever() : Promise.resolve()) };
    case "ended":
      return { signedIn: false, account: { state: "ended", username: "mira", reason: "logged_out" } };
    case "ended_security":
      return { signedIn: false, account: { state: "ended", username: "mira", reason: "security" } };
    case "empty":
      return { signedIn: true };
    case "loading":
      return { signedIn: true, delay: forever };
    case "waiting":
      return { signedIn: true, conversations: all, connection: waiting };
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

export function createClient(): FakeClient {
  const scene = new URLSearchParams(globalThis.location.search).get("scene") ?? "";
  const client = createFakeClient(optionsFor(scene, Date.now()));
  globalThis.fakeClient = client;
  if (scene === "failure") {
    return {
      ...client,
      api: { ...client.api, accountStatus: () => Promise.reject(new Error("no storage")) },
    };
  }
  return client;
}
