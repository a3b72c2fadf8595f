/** Wakes a conversation that exists: its room over the object's storage and the platform. */
import { limits } from "#schema/limits.ts";
import { type FaultEvent, faultOf, logEvent } from "../support/events.ts";
import { CommitPace } from "../support/commit-pace.ts";
import { inboxStub, type ObjectEnv } from "../support/stubs.ts";
import { archiveShard, D1Archive } from "./d1-archive.ts";
import { Room, type RoomContext } from "./room.ts";
import type { Losses, Snapshot } from "./store.ts";

type Parts = Pick<RoomContext, "store" | "groupStore" | "arrivals" | "sockets" | "alarms">;

export function openRoom(snapshot: Snapshot, { env, ...parts }: Parts & { readonly env: ObjectEnv }): Room {
  const pace = new CommitPace();
  return new Room(
    {
      ...parts,
      onFailure: logFault,
      archive: new D1Archive(archiveShard(env, snapshot.record.archiveShard)),
      inboxOf: (account) => inboxStub(env, account),
      now: Date.now,
      messagesPerSecond: Number(env.MESSAGES_PER_SECOND ?? limits.messagesPerSecond),
      pause: (delayMs) => scheduler.wait(delayMs),
      defer: (flush, waiting) => pace.arrived(flush, waiting),
      onLosses: logLosses,
      onArchiveIncomplete: () => logEvent("error", { event: "archive_incomplete", object: "conversation" }),
    },
    snapshot,
  );
}

export function logFault(event: FaultEvent, error: unknown): void {
  logEvent(event === "call_failed" ? "warn" : "error", {
    event,
    object: "conversation",
    fault: faultOf(error),
  });
}

function logLosses({ lost, undecryptable }: Losses): void {
  const object = "conversation";
  if (lost > 0) logEvent("warn", { event: "messages_lost", object, count: lost });
  if (undecryptable > 0) logEvent("warn", { event: "messages_undecryptable", object, count: undecryptable });
}
