/**
 * What a person would otherwise run: a chat server of Socket.IO, its Redis adapter and PostgreSQL, as an ordinary team
 * would write it. JWT at connect, membership checked at join, one INSERT per message, acknowledged after its commit,
 * broadcast through the adapter.
 *
 * Fairness: one process on the same machine and Node as everything else; WebSocket only and no compression (both are
 * kinder to it than the defaults); the INSERT is a prepared statement on a pool of 20 connections; the pool is what
 * lets PostgreSQL commit concurrent messages together. No schema check, no idempotency, no receipts, no device lists:
 * all of which the product does on the same path.
 *
 * Arguments: PostgreSQL URL, Redis URL, secret of the tokens. Prints one JSON line, `{"origin": …}`, when it listens.
 */
import { createAdapter } from "@socket.io/redis-adapter";
import { jwtVerify } from "jose";
import { createServer } from "node:http";
import { Pool } from "pg";
import { createClient } from "redis";
import { Server, type Socket } from "socket.io";
import type { PeerAck, PeerJoin, PeerJoined, PeerMessage, PeerRecord } from "./protocol.ts";

const [postgresUrl = "", redisUrl = "", secret = ""] = process.argv.slice(2);
const key = new TextEncoder().encode(secret);

const pool = new Pool({ connectionString: postgresUrl, max: 20 });
await pool.query(`
  CREATE TABLE IF NOT EXISTS members (room text, account text, PRIMARY KEY (room, account));
  CREATE TABLE IF NOT EXISTS messages (
    id bigserial PRIMARY KEY,
    room text NOT NULL,
    sender text NOT NULL,
    body text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
  );
  CREATE INDEX IF NOT EXISTS messages_room ON messages (room, id);
`);

const publisher = createClient({ url: redisUrl });
const subscriber = publisher.duplicate();
await Promise.all([publisher.connect(), subscriber.connect()]);

interface Up {
  join: (input: PeerJoin, answer: (joined: PeerJoined) => void) => void;
  message: (message: PeerMessage, answer: (ack: PeerAck) => void) => void;
}
interface Down {
  message: (record: PeerRecord) => void;
}
type NoEvents = Record<string, never>;
interface Data {
  account: string;
}
type PeerSocket = Socket<Up, Down, NoEvents, Data>;

const http = createServer();
const io = new Server<Up, Down, NoEvents, Data>(http, {
  transports: ["websocket"],
  adapter: createAdapter(publisher, subscriber),
});

async function refusalOf(socket: PeerSocket): Promise<Error | undefined> {
  try {
    const { payload } = await jwtVerify(String(socket.handshake.auth["token"]), key);
    socket.data.account = payload.sub ?? "";
    return undefined;
  } catch {
    return new Error("unauthorized");
  }
}

io.use((socket, next) => {
  // oxlint-disable-next-line promise/no-callback-in-promise -- Socket.IO's middleware takes a callback
  void refusalOf(socket).then((refusal) => next(refusal));
});

io.on("connection", (socket) => {
  const { account } = socket.data;

  async function join({ room, after }: PeerJoin): Promise<PeerJoined> {
    const member = await pool.query("SELECT 1 FROM members WHERE room = $1 AND account = $2", [
      room,
      account,
    ]);
    if (member.rowCount === 0) return { error: "forbidden" };
    await socket.join(room);
    const missed = await pool.query<PeerRecord>(
      `SELECT id, room, sender, body, created_at AS "createdAt" FROM messages
       WHERE room = $1 AND id > $2 ORDER BY id LIMIT 2000`,
      [room, after],
    );
    return { messages: missed.rows };
  }

  async function store({ room, body }: PeerMessage): Promise<PeerAck> {
    if (!socket.rooms.has(room)) return { error: "forbidden" };
    const inserted = await pool.query<{ id: string; createdAt: Date }>({
      name: "insert-message",
      text: `INSERT INTO messages (room, sender, body) VALUES ($1, $2, $3) RETURNING id, created_at AS "createdAt"`,
      values: [room, account, body],
    });
    const [row] = inserted.rows;
    if (row === undefined) return { error: "internal" };
    const record = { id: row.id, room, sender: account, body, createdAt: row.createdAt };
    socket.to(room).emit("message", record);
    return { id: row.id, createdAt: row.createdAt };
  }

  socket.on("join", (input, answer) => {
    join(input).then(answer, () => answer({ error: "internal" }));
  });
  socket.on("message", (message, answer) => {
    store(message).then(answer, () => answer({ error: "internal" }));
  });
});

http.listen(0, "127.0.0.1", () => {
  const address = http.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  console.log(JSON.stringify({ origin: `http://127.0.0.1:${port}` }));
});
