/** Addresses of the pictures of groups on screen. Each is fetched when it is first drawn, besides everything else. */
import { signal, type Signal } from "@preact/signals";
import type { ClientApi } from "#core/client-api.ts";
import type { ConversationId } from "#schema/ids.ts";

export interface GroupPictures {
  /** To be read while drawing: undefined until it is here, and for a group without one. */
  urlOf(conversationId: ConversationId, picture: string | undefined): string | undefined;
  /** Tries again what could not be fetched. */
  retry(): void;
  /** Forgets everything that was opened. */
  clear(): void;
}

interface Entry {
  readonly conversationId: ConversationId;
  readonly url: Signal<string | undefined>;
  failed: boolean;
}

export function createGroupPictures(api: Pick<ClientApi, "groupPicture">): GroupPictures {
  const entries = new Map<string, Entry>();

  async function open(entry: Entry, key: string): Promise<void> {
    entry.failed = false;
    try {
      const bytes = await api.groupPicture(entry.conversationId);
      if (bytes === undefined || entries.get(key) !== entry) return;
      entry.url.value = URL.createObjectURL(new Blob([bytes], { type: "image/jpeg" }));
      for (const [older, { conversationId }] of entries) {
        if (conversationId === entry.conversationId && older !== key) forget(older);
      }
    } catch {
      entry.failed = true; // the initials stay
    }
  }

  function forget(key: string): void {
    const url = entries.get(key)?.url.peek();
    entries.delete(key);
    if (url !== undefined) URL.revokeObjectURL(url);
  }

  return {
    urlOf(conversationId, picture) {
      if (picture === undefined) return undefined;
      const key = `${conversationId}/${picture}`;
      const known = entries.get(key);
      if (known !== undefined) return known.url.value;
      const entry = { conversationId, url: signal<string | undefined>(undefined), failed: false };
      entries.set(key, entry);
      void open(entry, key);
      return entry.url.value;
    },
    retry() {
      for (const [key, entry] of entries) if (entry.failed) void open(entry, key);
    },
    clear() {
      for (const key of entries.keys()) forget(key);
    },
  };
}
