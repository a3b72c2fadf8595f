/** The one place where the app gets its client from. */
import type { ClientApi, Subscribe } from "#core/client-api.ts";
import { connectClient } from "#core/remote-client.ts";
// The bundler makes this default export: the address of the built worker.
// oxlint-disable-next-line import/default
import cryptoWorkerUrl from "../crypto-worker/index.ts?worker&url";
import { scriptUrl } from "./trusted-types.ts";

export interface Client {
  readonly api: ClientApi;
  readonly subscribe: Subscribe;
}

/** Keys and sockets live in a worker of this tab; the page only ever sees what it shows. */
export function createClient(): Client {
  const client = connectClient(new Worker(scriptUrl(cryptoWorkerUrl), { type: "module" }));
  return { api: client, subscribe: client.subscribe };
}
