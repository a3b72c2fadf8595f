/** A conversation full of files for the screenshots: pictures are painted here, so that none has to be kept. */
import type { AttachmentView, ClientEvent, MessageView } from "#core/client-api.ts";
import type { AccountId, ClientMessageId, ConversationId } from "#schema/ids.ts";
import { type FakeConversation, fakeId, self } from "./fake-client-data.ts";
import type { FakeFiles } from "./fake-files.ts";

interface Scene {
  readonly sky: readonly [string, string];
  readonly hills: readonly string[];
  readonly sun: string;
}

const dawn: Scene = { sky: ["#f6c9a0", "#7fa6c9"], hills: ["#5f7d8c", "#3f5d63", "#24393c"], sun: "#fff1c9" };
const night: Scene = {
  sky: ["#28365c", "#0d1426"],
  hills: ["#1b2745", "#131c33", "#0a1020"],
  sun: "#e9ecf5",
};
const summer: Scene = {
  sky: ["#d9eef7", "#5fb0d9"],
  hills: ["#8fbf6b", "#5d9450", "#2f6b3f"],
  sun: "#fff7d6",
};
const rust: Scene = { sky: ["#f2d6b3", "#d98e5f"], hills: ["#b4573b", "#7d3a30", "#4c2424"], sun: "#fff0dc" };

async function paint(scene: Scene, width: number, height: number): Promise<Blob> {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d");
  if (context === null) throw new Error("no canvas");
  const sky = context.createLinearGradient(0, 0, 0, height);
  sky.addColorStop(0, scene.sky[1]);
  sky.addColorStop(0.75, scene.sky[0]);
  context.fillStyle = sky;
  context.fillRect(0, 0, width, height);
  context.fillStyle = scene.sun;
  context.beginPath();
  context.arc(width * 0.68, height * 0.36, Math.min(width, height) * 0.09, 0, 7);
  context.fill();
  for (const [index, hill] of scene.hills.entries()) {
    context.fillStyle = hill;
    context.beginPath();
    context.moveTo(0, height);
    for (let x = 0; x <= width; x += 4) {
      const wave =
        Math.sin((x / width) * (4 + index * 2) + index * 2) * 0.05 +
        Math.sin((x / width) * 17 + index) * 0.012;
      context.lineTo(x, height * (0.6 + index * 0.13 + wave));
    }
    context.lineTo(width, height);
    context.fill();
  }
  return canvas.convertToBlob({ type: "image/jpeg", quality: 0.86 });
}

async function pictureOf(scene: Scene, name: string, width: number, height: number) {
  const scale = 40 / Math.max(width, height);
  const small = await paint(scene, Math.round(width * scale), Math.round(height * scale));
  const file = await paint(scene, width, height);
  const preview = new Uint8Array(await small.arrayBuffer());
  const view = { name, mime: "image/jpeg", sizeBytes: file.size, width, height, preview, isLocal: true };
  return { file, view };
}

const plain = (name: string, mime: string, sizeBytes: number, more: Partial<AttachmentView> = {}) => ({
  file: undefined,
  view: { name, mime, sizeBytes, isLocal: false, ...more },
});

/** Gives some of the groups a picture. */
export async function paintGroups(conversations: readonly FakeConversation[]): Promise<void> {
  const painted: Readonly<Record<string, Scene>> = {
    "Friday at the old station": rust,
    "Chamber choir": night,
    Allotment: summer,
    "Street party": { sky: ["#ffffff", "#f4f7fa"], hills: ["#e8edf2", "#dfe6ec", "#ffffff"], sun: "#fff4d6" },
  };
  for (const { group } of conversations) {
    const scene = painted[group?.title ?? ""];
    if (group !== undefined && scene !== undefined) group.picture = await paint(scene, 256, 256);
  }
}

export interface FileScene {
  readonly conversation: FakeConversation;
  /** Files that are under way. */
  readonly transfers: readonly (ClientEvent & { readonly type: "transfer" })[];
}

export async function fileScene(files: FakeFiles, nowMs: number): Promise<FileScene> {
  const conversationId = fakeId<ConversationId>("chat-ilse.pictures");
  const account = fakeId<AccountId>("account-ilse.pictures");
  const harbour = await pictureOf(dawn, "IMG_2231.jpg", 1_600, 1_067);
  const others = [
    await pictureOf(summer, "IMG_2240.jpg", 1_200, 1_200),
    await pictureOf(rust, "IMG_2241.jpg", 1_200, 900),
    await pictureOf(night, "IMG_2244.jpg", 900, 1_200),
  ];
  const tower = await pictureOf(rust, "tower.jpg", 900, 1_350);
  const film = await pictureOf(night, "rehearsal.mp4", 1_280, 720);
  const going = await pictureOf(summer, "meadow.jpg", 1_500, 1_000);
  const messages: MessageView[] = [];
  const add = (
    mine: boolean,
    minutesAgo: number,
    text: string,
    sent: readonly { readonly file: Blob | undefined; readonly view: AttachmentView }[],
    delivery: MessageView["delivery"] = "read",
  ): ClientMessageId => {
    const clientMessageId = fakeId<ClientMessageId>(`file-${messages.length}`);
    const isUnsent = delivery === "pending";
    for (const [index, { file }] of sent.entries())
      if (file !== undefined) files.put(clientMessageId, index, file);
    messages.push({
      conversationId,
      clientMessageId,
      seq: isUnsent ? undefined : messages.length + 1,
      outboxPosition: isUnsent ? messages.length : undefined,
      mine,
      sender: mine ? self.account : account,
      senderName: mine ? self.username : "mara",
      timeMs: nowMs - minutesAgo * 60_000,
      content:
        sent.length === 0
          ? { type: "text", text }
          : { type: "attachments", text, attachments: sent.map(({ view }) => view) },
      delivery: mine ? delivery : undefined,
    });
    return clientMessageId;
  };
  add(false, 64, "The harbour this morning, before anybody was up", [harbour]);
  add(true, 60, "", others);
  add(true, 59, "And the way home", []);
  add(false, 31, "", [
    plain("Programme for Friday, final version (with corrections).pdf", "application/pdf", 2_412_000),
  ]);
  add(true, 27, "", [
    { file: undefined, view: { ...film.view, mime: "video/mp4", durationMs: 83_000, sizeBytes: 31_400_000 } },
  ]);
  add(false, 22, "", [plain("alto solo.ogg", "audio/ogg", 1_830_000, { durationMs: 61_000 })]);
  add(false, 20, "", [tower]);
  const pdf = add(true, 6, "", [plain("Parts, all voices.zip", "application/zip", 48_000_000)], "pending");
  const photo = add(true, 2, "Last one for today", [going], "pending");
  const transfer = (clientMessageId: ClientMessageId, share: number, totalBytes: number) => ({
    type: "transfer" as const,
    conversationId,
    clientMessageId,
    index: 0,
    state: "running" as const,
    doneBytes: Math.round(totalBytes * share),
    totalBytes,
  });
  return {
    conversation: {
      conversationId,
      peer: { account, username: "ilse.pictures" },
      messages,
      readSeq: messages.length,
      draft: "",
      peerTyping: false,
      peerPresence: { state: "online" },
    },
    transfers: [transfer(pdf, 0.32, 48_000_000), transfer(photo, 0.64, going.view.sizeBytes)],
  };
}
