/** What a device gets that says how far it has come: what it missed, as much as one answer may hold. */
import type { AccountId, Sequence } from "#schema/ids.ts";
import { limits } from "#schema/limits.ts";
import type { Identity } from "#schema/rpc/shared.ts";
import { serialise } from "../support/frames.ts";
import { finishMessage, openMessage } from "./log-events.ts";
import type { ConversationState } from "./state.ts";
import type { ConversationStore } from "./store.ts";

/** A few rows at a time, so that long messages are never all in memory before their size is known. */
const readAtOnce = 64;

export interface ResumeAnswer {
  readonly events: readonly string[];
  /** Characters of the messages among them. */
  readonly chars: number;
  /** Nothing is left: the socket may go live. */
  readonly isComplete: boolean;
}

/** The watermarks that a device starts with. */
function receiptsOf(state: ConversationState, account: AccountId) {
  const { conversationId } = state.record;
  const member = state.members.get(account);
  if (member === undefined) return { receipts: [] };
  const { receipts, low } = state.receiptsFor(member);
  const events = receipts.map((each) => ({ type: "receipt" as const, conversationId, ...each }));
  if (low === undefined) return { receipts: events };
  return { receipts: events, low: { type: "receipt:low" as const, conversationId, ...low } };
}

export function answerResume(
  state: ConversationState,
  store: ConversationStore,
  { account, device }: Identity,
  asked: Sequence,
): ResumeAnswer {
  const after = Math.max(asked, state.members.get(account)?.floor ?? 0);
  const { conversationId, prunedSeq } = state.record;
  const isBelow = after < prunedSeq;
  const events: string[] = [];
  let last = after;
  let chars = 0;
  while (!isBelow && last < state.lastSeq && events.length < limits.resumeMessages) {
    const limit = Math.min(readAtOnce, limits.resumeMessages - events.length);
    const rows = store.page({ after: last, limit, capsulesOf: `${account}.${device}` });
    if (rows.length === 0) break;
    for (const row of rows) {
      if (chars >= limits.resumeChars) break;
      const event = finishMessage(openMessage(conversationId, row), row.capsule);
      events.push(event);
      chars += event.length;
      last = row.seq;
    }
    if (chars >= limits.resumeChars) break;
  }
  const isComplete = !isBelow && last >= state.lastSeq;
  const resumed = {
    type: "conversation:resumed" as const,
    conversationId,
    lastSeq: state.lastSeq,
    more: !isComplete,
    ...receiptsOf(state, account),
  };
  events.push(serialise(isBelow ? { ...resumed, hotFrom: prunedSeq + 1 } : resumed));
  return { events, chars, isComplete };
}
