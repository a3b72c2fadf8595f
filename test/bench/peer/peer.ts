/** The peer, running: its servers, its own process, and rooms of two people to talk in. */
import { SignJWT } from "jose";
import { randomUUID } from "node:crypto";
import path from "node:path";
import { Client } from "pg";
import { type Child, startChild } from "../child.ts";
import type { Endpoint } from "../load/channel.ts";
import type { Talk } from "../load/job.ts";
import { type PeerServers, startPeerServers } from "./setup.ts";

export class Peer {
  readonly versions: string;
  readonly #servers: PeerServers;
  readonly #child: Child;
  readonly #database: Client;
  readonly #secret: string;

  private constructor(servers: PeerServers, child: Child, database: Client, secret: string) {
    this.versions = servers.versions;
    this.#servers = servers;
    this.#child = child;
    this.#database = database;
    this.#secret = secret;
  }

  /** The running peer, or in one sentence why there is none. */
  static async start(options: { readonly install: boolean }): Promise<Peer | string> {
    const servers = await startPeerServers(options);
    if (typeof servers === "string") return servers;
    const secret = randomUUID();
    const script = path.join(import.meta.dirname, "server.ts");
    const child = await startChild(script, [servers.postgresUrl, servers.redisUrl, secret]);
    const database = new Client({ connectionString: servers.postgresUrl });
    await database.connect();
    return new Peer(servers, child, database, secret);
  }

  /** A room of one who sends and so many who listen. */
  async room(body: string, listeners = 1): Promise<Talk> {
    const room = randomUUID();
    const accounts = Array.from({ length: listeners }, (_, index) => `b${index}-${room}`);
    return {
      sender: await this.#endpoint(room, `a-${room}`, body),
      listeners: await Promise.all(accounts.map((account) => this.#endpoint(room, account, body))),
    };
  }

  async close(): Promise<void> {
    await this.#database.end();
    this.#child.close();
    await this.#servers.close();
  }

  async #endpoint(room: string, account: string, body: string): Promise<Endpoint> {
    await this.#database.query("INSERT INTO members VALUES ($1, $2)", [room, account]);
    const token = await new SignJWT({ sub: account })
      .setProtectedHeader({ alg: "HS256" })
      .setExpirationTime("2h")
      .sign(new TextEncoder().encode(this.#secret));
    const url = this.#child.origin.replace("http", "ws");
    return { dialect: "socket.io", url, token, room, body, after: Number.MAX_SAFE_INTEGER };
  }
}
