/**
 * The stage of the suites about bad frames: Anna's device says what no client would, Ben is the other member, and after
 * each case the stage shows that nobody was harmed.
 */
import { expect, vi } from "vitest";
import type { ErrorKind } from "#schema/errors.ts";
import type { MessageSend } from "#schema/protocol/message.ts";
import { type Frame } from "./frame-samples.ts";
import {
  addRawDevice,
  createRawConversation,
  type RawAccount,
  type RawDevice,
  registerRaw,
} from "./raw-account.ts";
import { type RawAddress, rawCapsule, rawMessage } from "./raw-frames.ts";
import { openRawConversation, openRawInbox, type RawEvent, type RawSocket } from "./raw-socket.ts";
import { startServer, type TestServer } from "./server.ts";
import { pendingAlarms, storedDigests } from "./stored-rows.ts";

/** An id of the right form that nobody has. */
export const someId = Buffer.alloc(16, 5).toString("base64url");

/** Alarms far in the future, which every object with something to keep has. */
const patientAlarms = ["sweep", "clean", "sockets"];

export interface Cast {
  /** Two devices; list version 2. */
  readonly anna: RawAccount;
  /** Two devices; list version 2. */
  readonly ben: RawAccount;
  /** Knows Anna and Ben. */
  readonly stranger: RawAccount;
  /** Knows nobody. */
  readonly hermit: RawAccount;
  /** Conversations of Anna and Ben, of the stranger and Ben, of Anna and the stranger. */
  readonly id: string;
  readonly othersId: string;
  readonly annasOtherId: string;
}

export class FrameStage {
  readonly server: TestServer;
  readonly cast: Cast;
  /** Ben's message that stands in the log: said again, it shows that the object serves him, and stores nothing. */
  readonly first: MessageSend;
  readonly firstAck: RawEvent;
  readonly #before: Record<string, string>;
  #sockets: Record<"annas" | "bens" | "annasInbox" | "bensInbox", RawSocket>;

  constructor(
    server: TestServer,
    cast: Cast,
    said: { first: MessageSend; firstAck: RawEvent },
    sockets: FrameStage["sockets"],
  ) {
    this.server = server;
    this.cast = cast;
    this.first = said.first;
    this.firstAck = said.firstAck;
    this.#sockets = sockets;
    this.#before = storedDigests(server.state);
  }

  static async open(): Promise<FrameStage> {
    const server = await startServer();
    const { origin } = server;
    const [anna, ben] = [await registerRaw(origin, "anna"), await registerRaw(origin, "ben")];
    await addRawDevice(origin, anna);
    await addRawDevice(origin, ben);
    const [stranger, hermit] = [await registerRaw(origin, "stranger"), await registerRaw(origin, "hermit")];
    const id = await createRawConversation(origin, deviceOf(anna), ben);
    const othersId = await createRawConversation(origin, deviceOf(stranger), ben);
    const annasOtherId = await createRawConversation(origin, deviceOf(anna), stranger);
    const cast = { anna, ben, stranger, hermit, id, othersId, annasOtherId };
    const first = messageFrom(cast, ben);
    const bens = await openRawConversation(origin, id, tokenOf(ben));
    bens.send(first);
    const firstAck = await bens.nextOf("message:ack");
    // Only then are the sockets opened that must hear nothing but answers.
    await vi.waitFor(
      () => expect(pendingAlarms(server.state).filter((name) => !patientAlarms.includes(name))).toEqual([]),
      { timeout: 30_000, interval: 100 },
    );
    return new FrameStage(server, cast, { first, firstAck }, await openSockets(server, cast));
  }

  get sockets(): Readonly<Record<"annas" | "bens" | "annasInbox" | "bensInbox", RawSocket>> {
    return this.#sockets;
  }

  async reopen(): Promise<void> {
    this.#sockets = await openSockets(this.server, this.cast);
  }

  /** A message of Anna's first device that the server accepts, as it is or changed. */
  message(change: Partial<Record<keyof MessageSend, unknown>> = {}): MessageSend {
    return { ...messageFrom(this.cast, this.cast.anna), ...change } as MessageSend;
  }

  /** One acceptable frame of each type, in the order of the schema. */
  conversationFrames(): Frame[] {
    const conversationId = this.cast.id;
    return [
      this.message(),
      { type: "message:delivered", conversationId, seq: 1 },
      { type: "message:read", conversationId, seq: 1 },
      { type: "conversation:resume", conversationId, after: 1 },
      { type: "typing:start", conversationId },
      { type: "typing:stop", conversationId },
    ];
  }

  inboxFrames(): Frame[] {
    const { id: conversationId, ben } = this.cast;
    return [
      { type: "inbox:resume", profile: { id: "P".repeat(21) + "A", epoch: 1 } },
      { type: "message:delivered", conversationId, seq: 1 },
      { type: "message:read", conversationId, seq: 1 },
      { type: "device:send", id: someId, account: ben.account, device: 1, data: rawCapsule() },
      { type: "device:ack", position: 1 },
      { type: "presence:get", accounts: [ben.account] },
    ];
  }

  /** Nothing stored, Ben still served, Anna told nothing further. */
  async expectUnharmed(name: string): Promise<void> {
    const { annas, bens } = this.#sockets;
    bens.send(this.first);
    expect([name, await bens.next()]).toEqual([name, this.firstAck]);
    annas.send({ type: "conversation:resume", conversationId: this.cast.id, after: 1 });
    expect([name, (await annas.next()).type]).toEqual([name, "conversation:resumed"]);
    expect([name, storedDigests(this.server.state)]).toEqual([name, this.#before]);
  }

  /** The same of the inboxes. */
  async expectInboxUnharmed(name: string): Promise<void> {
    for (const inbox of [this.#sockets.bensInbox, this.#sockets.annasInbox]) {
      inbox.send({ type: "inbox:resume" });
      const types = [(await inbox.next()).type, (await inbox.next()).type];
      expect([name, types]).toEqual([name, ["inbox:state", "prekey:stock"]]);
    }
    expect([name, storedDigests(this.server.state)]).toEqual([name, this.#before]);
  }

  /** Sends a message that must not be accepted, and returns the exact refusal. */
  async expectRefused(frame: MessageSend, code: ErrorKind): Promise<RawEvent> {
    this.#sockets.annas.send(frame);
    const { conversationId, clientMessageId } = frame;
    const event = await this.#sockets.annas.next();
    const { error, difference: _, ...form } = event;
    expect(form).toEqual({ type: "message:refused", conversationId, clientMessageId });
    expect("difference" in event).toBe(code === "device_set_mismatch");
    expectErrorBody(error, code);
    await this.expectUnharmed(code);
    return event;
  }
}

export function deviceOf(account: RawAccount, index = 0): RawDevice {
  const device = account.devices[index];
  if (device === undefined) throw new Error("no such device");
  return device;
}

export function tokenOf(account: RawAccount, index = 0): string {
  return deviceOf(account, index).session.accessToken;
}

export function addressesOf({ account, devices }: RawAccount): RawAddress[] {
  return devices.map(({ own }) => ({ account, device: own.cert.deviceId }));
}

/** The whole form of an error body: these keys and no others, an id, no trace of the inside. */
export function expectErrorBody(error: unknown, code: ErrorKind): void {
  expect(error).toEqual({
    code,
    message: expect.stringMatching(/^[A-Z][\w ,;]{5,80}\.$/),
    requestId: expect.stringMatching(/^[\w-]{22}$/),
    ...(["rate_limited", "unavailable"].includes(code) ? { retryAfterMs: expect.any(Number) } : {}),
  });
}

/** The next event is an `error` frame of exactly this form. */
export async function expectError(
  socket: RawSocket,
  name: string,
  code: ErrorKind,
  more: object = {},
): Promise<void> {
  const { error, ...form } = await socket.next();
  expect([name, form]).toEqual([name, { type: "error", ...more }]);
  expectErrorBody(error, code);
}

function messageFrom({ anna, ben, id }: Cast, from: RawAccount): MessageSend {
  const to = [...addressesOf(anna), ...addressesOf(ben)].filter(
    ({ account, device }) => !(account === from.account && device === 1),
  );
  const lists = [anna, ben].map(({ account, list }) => ({ account, version: list.version }));
  return rawMessage(id, to, lists);
}

async function openSockets({ origin }: TestServer, { anna, ben, id }: Cast): Promise<FrameStage["sockets"]> {
  return {
    annas: await openRawConversation(origin, id, tokenOf(anna)),
    bens: await openRawConversation(origin, id, tokenOf(ben)),
    annasInbox: await openRawInbox(origin, tokenOf(anna)),
    bensInbox: await openRawInbox(origin, tokenOf(ben)),
  };
}
