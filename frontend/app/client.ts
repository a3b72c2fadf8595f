/** The one place where the app gets its client from. */
import type { ClientApi, Subscribe } from "#core/client-api.ts";

export interface Client {
  readonly api: ClientApi;
  readonly subscribe: Subscribe;
}

export declare function createClient(): Client;
