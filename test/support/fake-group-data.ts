/** Groups of the fake client, told relative to one instant. */
import type { GroupChangeView, MessageView } from "#core/client-api.ts";
import type { ClientMessageId, ConversationId } from "#schema/ids.ts";
import { type FakeConversation, fakeId, self } from "./fake-client-data.ts";
import { fakeMember, type FakeGroup } from "./fake-client-groups.ts";

const minuteMs = 60_000;

/** Who, minutes before now, what they said or did. */
type GroupLine = readonly [who: string, minutesAgo: number, what: string | GroupChangeView];

function group(
  title: string,
  members: FakeGroup["members"],
  lines: readonly GroupLine[],
  nowMs: number,
  extra: { unread?: number; membership?: FakeGroup["membership"] } = {},
): FakeConversation {
  const conversationId = fakeId<ConversationId>(`group-${title}`);
  const messages = lines.map(([who, minutesAgo, what], index): MessageView => {
    const mine = who === self.username;
    const isText = typeof what === "string";
    return {
      conversationId,
      clientMessageId: fakeId<ClientMessageId>(`g${index}-${title}`),
      seq: index + 1,
      outboxPosition: undefined,
      mine,
      sender: fakeMember(who).account,
      senderName: who,
      timeMs: nowMs - minutesAgo * minuteMs,
      content: isText ? { type: "text", text: what } : { type: "group_change", change: what },
      delivery: mine && isText ? "read" : undefined,
    };
  });
  return {
    conversationId,
    peer: { account: self.account, username: self.username },
    group: { title, epoch: lines.length, membership: extra.membership ?? "member", members },
    messages,
    readSeq: messages.length - (extra.unread ?? 0),
    draft: "",
    peerTyping: false,
    peerPresence: undefined,
  };
}

export function groups(nowMs: number): FakeConversation[] {
  const [mira, anna] = [fakeMember("mira", "owner"), fakeMember("anna.lindqvist", "admin")];
  const [tomas, ilse, jonas] = [fakeMember("tomas_v"), fakeMember("ilse"), fakeMember("jonas.b")];
  return [
    group(
      "Chamber choir",
      [mira, anna, tomas, ilse, jonas],
      [
        ["mira", 900, { type: "created", people: [anna, tomas, jonas] }],
        ["mira", 890, "Everything about Friday goes in here"],
        ["anna.lindqvist", 880, { type: "added", people: [ilse] }],
        ["ilse", 700, "Hello all! I bring the soup."],
        ["mira", 650, { type: "role", person: anna, role: "admin" }],
        ["tomas_v", 15, "Who has the second page?"],
        ["jonas.b", 14, "On the piano"],
        ["jonas.b", 13, "Next to the scarf"],
      ],
      nowMs,
      { unread: 3 },
    ),
    group(
      "Old flat",
      [tomas, mira],
      [
        ["tomas_v", 40_000, { type: "created", people: [mira] }],
        ["tomas_v", 39_000, "Keys are under the mat"],
        ["tomas_v", 30_000, { type: "removed", people: [mira] }],
      ],
      nowMs,
      { membership: "removed" },
    ),
  ];
}
