/** What the fake server does with each frame. */
import * as v from "valibot";
import { closeCodes } from "#schema/errors.ts";
import { deviceAddressKey } from "#schema/ids.ts";
import type { MessageSend } from "#schema/protocol/message.ts";
import { conversationUpSchema, inboxUpSchema } from "#schema/protocol/up.ts";
import type { FakeConversation } from "./fake-conversations.ts";
import type { FakeServer, FakeSocket } from "./fake-server.ts";

/** Few, so that a resume takes several rounds in tests. */
const resumeMessages = 40;

export function takeConversationFrame(
  server: FakeServer,
  socket: FakeSocket,
  conversation: FakeConversation,
  text: string,
): void {
  const json = JSON.parse(text) as { readonly type: string };
  const frame = json.type === "message:send" ? (json as MessageSend) : v.parse(conversationUpSchema, json);
  const { account, deviceId } = socket;
  const conversationId = conversation.id;
  switch (frame.type) {
    case "conversation:resume": {
      const { prunedSeq } = conversation;
      if (frame.after < prunedSeq) {
        socket.live = false;
        return socket.send({
          type: "conversation:resumed",
          conversationId,
          lastSeq: conversation.log.length,
          more: true,
          hotFrom: prunedSeq + 1,
          receipts: conversation.receipts(),
        });
      }
      const missed = conversation.log.slice(frame.after, frame.after + resumeMessages);
      const events = missed.map((message) => conversation.event(message, socket));
      socket.send({ type: "batch", events });
      const more = frame.after + missed.length < conversation.log.length;
      socket.live = !more;
      const receipts = conversation.receipts();
      socket.send({
        type: "conversation:resumed",
        conversationId,
        lastSeq: conversation.log.length,
        more,
        receipts,
      });
      return;
    }
    case "message:send": {
      const { clientMessageId } = frame;
      const error = { message: "refused", requestId: "r" };
      if (server.refuseSends !== undefined) {
        const refused = { ...error, ...server.refuseSends };
        return socket.send({ type: "message:refused", conversationId, clientMessageId, error: refused });
      }
      const known = conversation.log.length;
      const result = conversation.accept({ account, device: deviceId }, frame);
      if ("refused" in result) {
        const refused = { ...error, code: result.refused };
        return socket.send({ type: "message:refused", conversationId, clientMessageId, error: refused });
      }
      const { seq, serverTimeMs } = result;
      socket.send({ type: "message:ack", conversationId, clientMessageId, seq, serverTimeMs });
      if (conversation.log.length === known) return;
      server.broadcast(conversation, (other) => {
        if (other === socket) return undefined;
        const event = conversation.event(result, other);
        if (other.conversation !== undefined) return event;
        return {
          type: "conversation:update",
          summary: conversation.summary(other.account),
          messages: [event],
        };
      });
      return;
    }
    case "message:delivered":
    case "message:read":
      return takeReceipt(server, socket, frame);
    case "typing:start":
    case "typing:stop":
      for (const other of server.sockets) {
        if (other.conversation === conversation && other.account !== account)
          other.send({ ...frame, account });
      }
  }
}

export function takeInboxFrame(server: FakeServer, socket: FakeSocket, text: string): void {
  const frame = v.parse(inboxUpSchema, JSON.parse(text));
  const { account, deviceId } = socket;
  const own = deviceAddressKey(account, deviceId);
  switch (frame.type) {
    case "inbox:resume": {
      for (const other of server.sockets) {
        const isOlder = other.account === account && other.deviceId === deviceId && other !== socket;
        if (isOlder && other.conversation === undefined) other.close(closeCodes.replaced);
      }
      const reason = server.profilesOf(account).present(deviceId, frame.profile);
      if (reason !== undefined) socket.send({ type: "profile:copied", reason });
      const mine = [...server.conversations.values()].filter(({ members }) => members.includes(account));
      const conversations = mine.map((conversation) => conversation.summary(account));
      socket.send({ type: "inbox:state", conversations, more: false });
      for (const conversation of mine) {
        for (const receipt of conversation.receipts()) socket.send(receipt);
      }
      for (const message of server.queues.get(own) ?? []) socket.send(message);
      const device = server.accounts.get(account).devices.get(deviceId);
      socket.send({
        type: "prekey:stock",
        oneTime: device?.oneTime.length ?? 0,
        oneTimePq: device?.oneTimePq.length ?? 0,
        signedPrekeyCreatedAtMs: device?.signedCreatedAtMs ?? 0,
      });
      return;
    }
    case "message:delivered":
    case "message:read":
      return takeReceipt(server, socket, frame);
    case "presence:get": {
      const presences = frame.accounts.map((other) => {
        const audience = server.presenceAudience.get(other) ?? "contacts";
        const isOnline = [...server.sockets].some((each) => each.account === other);
        if (audience === "nobody") return { account: other, state: "hidden" };
        return isOnline
          ? { account: other, state: "online" }
          : { account: other, state: "offline", lastSeenMs: 60_000 };
      });
      return socket.send({ type: "presence:state", presences });
    }
    case "device:send": {
      const key = deviceAddressKey(frame.account, frame.device);
      const queue = server.queues.get(key) ?? [];
      const message = {
        type: "device:message" as const,
        position: server.nextPosition(key),
        sender: { account, device: deviceId },
        data: frame.data,
        serverTimeMs: Date.now(),
      };
      server.queues.set(key, [...queue, message]);
      socket.send({ type: "device:sent", id: frame.id });
      for (const other of server.sockets) {
        const isTarget = deviceAddressKey(other.account, other.deviceId) === key;
        if (isTarget && other.conversation === undefined) other.send(message);
      }
      return;
    }
    case "device:ack":
      server.queues.set(
        own,
        (server.queues.get(own) ?? []).filter(({ position }) => position > frame.position),
      );
  }
}

function takeReceipt(
  server: FakeServer,
  { account }: FakeSocket,
  frame: { type: "message:delivered" | "message:read"; conversationId: string; seq: number },
): void {
  const conversation = server.conversations.get(frame.conversationId);
  if (conversation === undefined) return;
  const marks = frame.type === "message:read" ? conversation.read : conversation.delivered;
  marks.set(account, Math.max(marks.get(account) ?? 0, frame.seq));
  server.broadcast(conversation, () =>
    conversation.receipts().find((receipt) => receipt.account === account),
  );
}
