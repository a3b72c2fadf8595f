/** A server and the people of one test file; all of them leave when the file is over. */
import { afterAll } from "vitest";
import type { Client } from "#core/client.ts";
import { type LivePerson, signIn, signUp } from "./people.ts";
import { startServer, type TestServer } from "./server.ts";

export interface Crowd {
  readonly server: TestServer;
  /** Who is to leave at the end; add those who came another way. */
  readonly people: LivePerson[];
  /** Clients that are to be closed at the end, besides those of people. */
  readonly clients: Client[];
  readonly person: (username: string) => Promise<LivePerson>;
  /** A further device of somebody, by password and recovery code. */
  readonly further: (someone: LivePerson) => Promise<LivePerson>;
}

/** To be opened where a test file begins. */
export async function openCrowd(): Promise<Crowd> {
  const server = await startServer();
  const people: LivePerson[] = [];
  const clients: Client[] = [];
  afterAll(async () => {
    const all = [...people.map(({ client }) => client), ...clients];
    await Promise.allSettled(all.map((client) => client.close()));
    await server.close();
  });
  const joined = async (coming: Promise<LivePerson>): Promise<LivePerson> => {
    const someone = await coming;
    people.push(someone);
    return someone;
  };
  return {
    server,
    people,
    clients,
    person: (username) => joined(signUp(server.origin, username)),
    further: (someone) => joined(signIn(server.origin, someone)),
  };
}
