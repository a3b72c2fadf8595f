/** What must hold at every device once everything has come to rest: the accepted log, in order, readable. */
import type { MessageView } from "#core/client-api.ts";
import { textOf } from "#test/support/client/people.ts";
import type { ConversationHost } from "../conversation-host.ts";
import { deviceAddressKey } from "#schema/ids.ts";
import type { World } from "../world.ts";
import type { FullDevice } from "./device.ts";
import { groupDisagreements } from "./group-judge.ts";

/** What is not as it must be; empty when all is well. */
export async function disagreements(world: World, devices: readonly FullDevice[]): Promise<string[]> {
  const faults: string[] = [];
  const texts = new Map<string, string>();
  for (const host of world.conversations.values()) {
    if (host.journal.stays.size > 0) {
      faults.push(...(await groupDisagreements(world, host, devices, texts)));
      continue;
    }
    const members = [...host.journal.sets.keys()];
    for (const device of devices) {
      if (device.state !== "joined" || !members.includes(device.account)) continue;
      if (host.journal.accepted.length === 0) continue;
      const known = (await device.client?.listConversations())?.some(
        ({ conversationId }) => conversationId === host.id,
      );
      if (known !== true) {
        faults.push(`${host.name}: ${device.name} does not know it`);
        continue;
      }
      faults.push(...logFaults(host, device, await device.messages(host.id), texts));
    }
  }
  return [...faults, ...writtenFaults(world, devices, texts)];
}

/** `texts` collects what each message says, so that all devices are held to the same. */
function logFaults(
  host: ConversationHost,
  device: FullDevice,
  messages: readonly MessageView[],
  texts: Map<string, string>,
): string[] {
  const { accepted } = host.journal;
  const name = `${host.name}: ${device.name}`;
  const waiting = messages.filter(({ seq }) => seq === undefined);
  if (waiting.length > 0) return [`${name} could not send ${waiting.length} (${waiting[0]?.delivery})`];
  if (messages.length !== accepted.length)
    return [`${name} has ${messages.length} of ${accepted.length} messages`];
  const faults: string[] = [];
  for (const [index, { message, readers }] of accepted.entries()) {
    const { seq, clientMessageId: id, senderAccount, senderDevice } = message;
    const view = messages[index];
    if (view?.seq !== seq || view.clientMessageId !== id || view.sender !== senderAccount) {
      return [...faults, `${name} has another message at ${seq}`];
    }
    const mayRead =
      readers.includes(device.key) || deviceAddressKey(senderAccount, senderDevice) === device.key;
    if (view.content.type === "text") {
      const known = texts.get(id) ?? view.content.text;
      texts.set(id, known);
      if (known !== view.content.text) faults.push(`${name} reads something else at ${seq}`);
    } else if (mayRead) {
      faults.push(`${name} cannot read ${seq} (${textOf(view)})`);
    }
  }
  return faults;
}

/** Whatever was promised is there once, in the order of writing, as it was written; nothing is there that nobody wrote. */
function writtenFaults(
  world: World,
  devices: readonly FullDevice[],
  texts: ReadonlyMap<string, string>,
): string[] {
  const faults: string[] = [];
  const intended = new Set(devices.flatMap(({ written }) => written.map(({ text }) => text)));
  for (const [id, text] of texts) if (!intended.has(text)) faults.push(`nobody wrote ${id}`);
  if (new Set(texts.values()).size !== texts.size) faults.push("a text is there twice");
  for (const device of devices) {
    for (const host of world.conversations.values()) {
      const places = new Map(
        host.journal.accepted.map(({ message }) => [String(message.clientMessageId), message.seq]),
      );
      const promised = device.written.filter(
        ({ conversationId, id }) => conversationId === host.id && id !== undefined,
      );
      const found = promised.flatMap(({ id }) => places.get(String(id)) ?? []);
      // Who left, or was put out of a group, has taken its outbox with it.
      const stays = host.journal.stays.get(device.account) ?? [];
      const wasOut = host.journal.stays.size > 0 && (stays.length !== 1 || stays[0]?.to !== undefined);
      if (found.length !== promised.length && device.state === "joined" && !wasOut) {
        faults.push(`${host.name}: ${promised.length - found.length} messages of ${device.name} are lost`);
      }
      // What an object forgets when it sleeps cannot hold up what is still on the wire then.
      const isOrdered = !device.refusedIn.has(host.id) || !host.hasSlept;
      if (isOrdered && found.some((seq, index) => seq <= (found[index - 1] ?? 0))) {
        faults.push(`${host.name}: messages of ${device.name} changed their order`);
      }
      for (const { id, text } of promised) {
        const shown = texts.get(String(id));
        if (shown !== undefined && shown !== text)
          faults.push(`${host.name}: ${device.name} wrote something else`);
      }
    }
  }
  return faults;
}
