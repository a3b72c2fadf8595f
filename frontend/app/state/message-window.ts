/** The part of a conversation that is loaded: pages from the client, plus own messages not yet durable. Pure. */
import type { MessageView } from "#core/client-api.ts";
import type { ClientMessageId, Sequence } from "#schema/ids.ts";

/** A message on screen. `key` stays the same while a draft bubble becomes a durable message, so nothing flickers. */
export interface ShownMessage extends Omit<MessageView, "clientMessageId"> {
  readonly key: string;
  /** Undefined until the outbox has taken it. */
  readonly clientMessageId: ClientMessageId | undefined;
}

/** Own messages handed to the client whose bubble must be there at once. */
export interface LocalMessage {
  readonly key: string;
  readonly shown: ShownMessage;
  /** Known once the outbox has it. */
  readonly clientMessageId: ClientMessageId | undefined;
  /** Hands it to the client. */
  readonly give: () => Promise<ClientMessageId>;
}

/** Views in order, then the local ones the client does not list yet. */
export function showMessages(
  views: readonly MessageView[],
  locals: readonly LocalMessage[],
  keys: ReadonlyMap<ClientMessageId, string>,
): readonly ShownMessage[] {
  const listed = new Set(views.map((view) => view.clientMessageId));
  const shown = views.map((view) => ({
    ...view,
    key: keys.get(view.clientMessageId) ?? view.clientMessageId,
  }));
  const waiting = locals.filter(
    (local) => local.clientMessageId === undefined || !listed.has(local.clientMessageId),
  );
  return [...shown, ...waiting.map((local) => local.shown)];
}

/** The earliest sequence number of a window, where an older page would end. */
export function oldestSeq(views: readonly MessageView[]): Sequence | undefined {
  return views.find((view) => view.seq !== undefined)?.seq;
}

export function newestSeq(views: readonly { readonly seq: Sequence | undefined }[]): Sequence {
  return views.findLast((view) => view.seq !== undefined)?.seq ?? 0;
}

/** Puts an older page before a window; where they overlap the page is the fresher reading. */
export function prependPage(
  page: readonly MessageView[],
  window: readonly MessageView[],
): readonly MessageView[] {
  const fresh = new Set(page.map((view) => view.clientMessageId));
  return [...page, ...window.filter((view) => !fresh.has(view.clientMessageId))];
}

/** Forgets what lies before a sequence number: a page that reaches further back than the window did. */
export function windowFrom(views: readonly MessageView[], from: Sequence): readonly MessageView[] {
  return views.filter((view) => view.seq === undefined || view.seq >= from);
}

/** Incoming messages that came after `afterSeq`: what a screen reader is told about. */
export function arrivedAfter(views: readonly MessageView[], afterSeq: Sequence): readonly MessageView[] {
  return views.filter((view) => !view.mine && view.seq !== undefined && view.seq > afterSeq);
}

/** Drops the oldest messages of a long window, so that the page stays light while one sits at the bottom. */
export function trimWindow(
  views: readonly MessageView[],
  limits: { readonly above: number; readonly keep: number },
): readonly MessageView[] {
  return views.length > limits.above ? views.slice(-limits.keep) : views;
}
