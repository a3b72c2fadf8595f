/** The peer, running: its servers, its own process, and rooms of two people to talk in. */
import { SignJWT } from "jose";
import { randomUUID } from "node:crypto";
import path from "node:path";
import { Client } from "pg";
import { type Child, startChild } from "../child.ts";
import type { Endpoint } from "../load/channel.ts";
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

  async room(body: string): Promise<{ readonly sender: Endpoint; readonly listener: Endpoint }> {
    const room = randomUUID();
    const [sender, listener] = await Promise.all([
      this.#endpoint(room, `a-${room}`, body),
      this.#endpoint(room, `b-${room}`, body),
    ]);
    return { sender, listener };
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
    return { dialect: "socket.io", url, token, room, body, after: 0 };
  }
}
