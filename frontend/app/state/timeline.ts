/** The open conversation: a window of messages that follows the client, and what the person does to it. */
import { batch, computed, signal, type ReadonlySignal, type Signal } from "@preact/signals";
import {
  type AttachmentView,
  type ClientApi,
  ClientError,
  type ClientErrorCode,
  type MessageView,
  type OutgoingFile,
} from "#core/client-api.ts";
import type { AccountId, ClientMessageId, ConversationId, Sequence } from "#schema/ids.ts";
import {
  arrivedAfter,
  type LocalMessage,
  newestSeq,
  oldestSeq,
  prependPage,
  type ShownMessage,
  showMessages,
  trimWindow,
  windowFrom,
} from "./message-window.ts";

const pageSize = 50;
const refreshPageSize = 100;
/** Pages fetched to reach the first unread message; beyond that the chat opens at the oldest loaded one. */
const openingPagesMax = 5;

export interface FilesMessage {
  readonly text: string;
  readonly files: readonly OutgoingFile[];
}

export interface Timeline {
  readonly conversationId: ConversationId;
  readonly state: ReadonlySignal<"loading" | "ready" | "failed">;
  readonly messages: ReadonlySignal<readonly ShownMessage[]>;
  readonly hasOlder: ReadonlySignal<boolean>;
  readonly older: ReadonlySignal<"idle" | "loading" | "failed">;
  /** The divider stands before the first message of others after this one. */
  readonly dividerAfter: Signal<Sequence | undefined>;
  open(unread: { readonly count: number; readonly readSeq: Sequence }): Promise<void>;
  refresh(): Promise<void>;
  loadOlder(): Promise<void>;
  trim(): void;
  markRead(seq: Sequence): Promise<void>;
  send(text: string): Promise<void>;
  sendFiles(message: FilesMessage): Promise<void>;
  retry(message: ShownMessage): Promise<void>;
  discard(message: ShownMessage): Promise<void>;
}

export interface TimelineOptions {
  readonly api: ClientApi;
  readonly conversationId: ConversationId;
  readonly self: AccountId;
  /** Whether somebody looks: what arrives unseen is marked by the divider. */
  readonly isWatched: () => boolean;
  readonly onArrived: (messages: readonly MessageView[]) => void;
  readonly onError: (code: ClientErrorCode) => void;
}

export function errorCode(error: unknown): ClientErrorCode {
  return error instanceof ClientError ? error.code : "internal";
}

export function createTimeline({
  api,
  conversationId,
  self,
  isWatched,
  onArrived,
  onError,
}: TimelineOptions): Timeline {
  const state = signal<"loading" | "ready" | "failed">("loading");
  const views = signal<readonly MessageView[]>([]);
  const locals = signal<readonly LocalMessage[]>([]);
  const hasOlder = signal(false);
  const older = signal<"idle" | "loading" | "failed">("idle");
  const dividerAfter = signal<Sequence | undefined>(undefined);
  const keys = new Map<ClientMessageId, string>();
  const messages = computed(() => showMessages(views.value, locals.value, keys));
  let localCount = 0;
  let marked: Sequence = 0;

  /** Newest page back to (and including) `downTo`. */
  async function read(downTo: Sequence, limit: number, pagesMax: number) {
    let page = await api.listMessages(conversationId, { limit });
    let all = page.messages;
    for (let pages = 1; pages < pagesMax && page.hasOlder; pages += 1) {
      const before = oldestSeq(all);
      if (before === undefined || before <= downTo) break;
      page = await api.listMessages(conversationId, { before, limit });
      all = prependPage(page.messages, all);
    }
    return { messages: all, hasOlder: page.hasOlder };
  }

  function show(next: { readonly messages: readonly MessageView[]; readonly hasOlder: boolean }): void {
    batch(() => {
      views.value = next.messages;
      hasOlder.value = next.hasOlder;
      const listed = new Set(next.messages.map((view) => view.clientMessageId));
      locals.value = locals.value.filter(
        (local) => local.clientMessageId === undefined || !listed.has(local.clientMessageId),
      );
      state.value = "ready";
    });
  }

  function updateLocal(key: string, change: Partial<LocalMessage>): void {
    locals.value = locals.value.map((local) => (local.key === key ? { ...local, ...change } : local));
  }

  /** The bubble is there at once; it is the client's as soon as the client has it. */
  async function hand(local: LocalMessage): Promise<void> {
    try {
      const clientMessageId = await local.give();
      keys.set(clientMessageId, local.key);
      const listed = views.value.some((view) => view.clientMessageId === clientMessageId);
      if (listed) locals.value = locals.value.filter((other) => other.key !== local.key);
      else updateLocal(local.key, { clientMessageId, shown: { ...local.shown, clientMessageId } });
    } catch (error) {
      updateLocal(local.key, { shown: { ...local.shown, delivery: "failed" } });
      onError(errorCode(error));
    }
  }

  async function begin(content: ShownMessage["content"], give: LocalMessage["give"]): Promise<void> {
    localCount += 1;
    const key = `local-${localCount}`;
    const shown: ShownMessage = {
      key,
      conversationId,
      clientMessageId: undefined,
      seq: undefined,
      outboxPosition: undefined,
      mine: true,
      sender: self,
      senderName: "",
      timeMs: Date.now(),
      content,
      delivery: "pending",
    };
    const local: LocalMessage = { key, shown, clientMessageId: undefined, give };
    locals.value = [...locals.value, local];
    dividerAfter.value = undefined;
    await hand(local);
  }

  return {
    conversationId,
    state,
    messages,
    hasOlder,
    older,
    dividerAfter,

    async open({ count, readSeq }) {
      try {
        const page = await read(
          count > 0 ? readSeq : 0,
          count > 0 ? refreshPageSize : pageSize,
          count > 0 ? openingPagesMax : 1,
        );
        dividerAfter.value = count > 0 ? readSeq : undefined;
        show(page);
      } catch (error) {
        state.value = "failed";
        onError(errorCode(error));
      }
    },

    async refresh() {
      if (state.peek() !== "ready") return;
      const before = views.peek();
      try {
        const from = oldestSeq(before) ?? 0;
        const pages = Math.ceil(before.length / refreshPageSize) + 4;
        const page = await read(from, refreshPageSize, pages);
        const messages = windowFrom(page.messages, from);
        const next = { messages, hasOlder: page.hasOlder || messages.length < page.messages.length };
        const arrived = arrivedAfter(next.messages, newestSeq(before));
        batch(() => {
          if (arrived.length > 0 && !isWatched()) dividerAfter.value ??= newestSeq(before);
          show(next);
        });
        if (arrived.length > 0) onArrived(arrived);
      } catch (error) {
        onError(errorCode(error));
      }
    },

    async loadOlder() {
      const before = oldestSeq(views.peek());
      if (before === undefined || older.peek() === "loading" || !hasOlder.peek()) return;
      older.value = "loading";
      try {
        const page = await api.listMessages(conversationId, { before, limit: pageSize });
        batch(() => {
          views.value = prependPage(page.messages, views.peek());
          hasOlder.value = page.hasOlder;
          older.value = "idle";
        });
      } catch {
        older.value = "failed"; // said in place, where the messages would have appeared
      }
    },

    trim() {
      const kept = trimWindow(views.peek(), { above: 250, keep: 120 });
      if (kept === views.peek()) return;
      batch(() => {
        views.value = kept;
        hasOlder.value = true;
      });
    },

    async markRead(seq) {
      if (seq <= marked) return;
      marked = seq;
      try {
        await api.markRead(conversationId, seq);
      } catch (error) {
        onError(errorCode(error));
      }
    },

    send: (text) => begin({ type: "text", text }, () => api.sendText(conversationId, text)),

    sendFiles: (message) =>
      begin({ type: "attachments", text: message.text, attachments: message.files.map(viewOutgoing) }, () =>
        api.sendFiles(conversationId, message),
      ),

    async retry(message) {
      if (message.clientMessageId !== undefined) {
        await api.retryMessage(conversationId, message.clientMessageId);
        return;
      }
      const local = locals.value.find((other) => other.key === message.key);
      if (local === undefined) return;
      const again = { ...local, shown: { ...local.shown, delivery: "pending" as const } };
      updateLocal(local.key, again);
      await hand(again);
    },

    async discard(message) {
      locals.value = locals.value.filter((other) => other.key !== message.key);
      if (message.clientMessageId !== undefined) {
        await api.discardMessage(conversationId, message.clientMessageId);
      }
    },
  };
}

function viewOutgoing({
  file,
  name,
  mime,
  width,
  height,
  durationMs,
  preview,
}: OutgoingFile): AttachmentView {
  return {
    name,
    mime,
    sizeBytes: file.size,
    isLocal: true,
    ...(width !== undefined && height !== undefined && { width, height }),
    ...(durationMs !== undefined && { durationMs }),
    ...(preview !== undefined && { preview }),
  };
}
