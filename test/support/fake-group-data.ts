/** Groups of the fake client, told relative to one instant. */
import type { DeliveryState, GroupChangeView, MessageView } from "#core/client-api.ts";
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
  extra: {
    unread?: number;
    membership?: FakeGroup["membership"];
    typing?: boolean;
    delivery?: DeliveryState;
    isContradicted?: boolean;
    memberTrust?: FakeGroup["memberTrust"];
    /** There is a link that asks for approval, and these people wait. */
    waiting?: readonly string[];
    /** This account was added at that line, and given what stands before it. */
    addedAt?: { line: number; by: FakeGroup["members"][number] };
  } = {},
): FakeConversation {
  const conversationId = fakeId<ConversationId>(`group-${title}`);
  const lastOwn = lines.findLastIndex(([who]) => who === self.username);
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
      ...(extra.addedAt !== undefined &&
        index < extra.addedAt.line &&
        who !== extra.addedAt.by.username && { sharedBy: extra.addedAt.by }),
      delivery: mine && isText ? (index === lastOwn ? (extra.delivery ?? "read") : "read") : undefined,
    };
  });
  return {
    conversationId,
    peer: { account: self.account, username: self.username },
    group: {
      title,
      epoch: lines.length,
      membership: extra.membership ?? "member",
      members,
      isContradicted: extra.isContradicted ?? false,
      memberTrust: extra.memberTrust ?? [],
      ...(extra.waiting !== undefined && {
        invite: {
          code: "AVJ6u0o5mYc3hQz1m4kX0b3kq8wC2tE5yR7uI9oP1aSdFgHjKlZxCvBnM0qWeRtYuI",
          needsApproval: true,
          expiresAtMs: undefined,
          isExpired: false,
        },
        requests: extra.waiting.map((username) => {
          return { account: fakeMember(username).account, username, requestedAtMs: nowMs };
        }),
      }),
    },
    messages,
    readSeq: messages.length - (extra.unread ?? 0),
    draft: "",
    peerTyping: extra.typing ?? false,
    peerPresence: undefined,
  };
}

export function groups(nowMs: number): FakeConversation[] {
  const [mira, anna] = [fakeMember("mira", "owner"), fakeMember("anna.lindqvist", "admin")];
  const [tomas, ilse, jonas] = [fakeMember("tomas_v"), fakeMember("ilse"), fakeMember("jonas.b")];
  const [noor, yael] = [fakeMember("noor"), fakeMember("יעל")];
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
      { unread: 3, waiting: ["wren.oakley", "piet"] },
    ),
    group(
      "Friday at the old station",
      [mira, anna, tomas, ilse, jonas, noor, yael],
      [
        ["anna.lindqvist", 3_000, { type: "created", people: [mira, tomas, ilse] }],
        ["anna.lindqvist", 2_990, { type: "added", people: [jonas] }],
        ["anna.lindqvist", 2_980, { type: "added", people: [noor, yael] }],
        ["anna.lindqvist", 2_970, { type: "role", person: mira, role: "owner" }],
        ["mira", 2_960, { type: "renamed", title: "Friday at the old station" }],
        ["mira", 96, "So, who comes by train and who needs a lift?"],
        ["tomas_v", 92, "Train. The 18:22, if it exists that day"],
        ["tomas_v", 91, "I can take two of the music stands, not more, they do not fold"],
        ["ilse", 84, "I have three seats and a boot full of soup bowls 🥣"],
        ["noor", 80, "Lift please! From the bridge, if that is on your way"],
        ["ilse", 79, "It is now"],
        ["mira", 60, { type: "removed", people: [fakeMember("felix")] }],
        [
          "jonas.b",
          31,
          "The key is with me. I open at half past six, side entrance. Whoever comes early carries chairs",
        ],
        ["jonas.b", 31, "No exceptions"],
        ["יעל", 24, "אני מביאה תה חם"],
        [
          "mira",
          12,
          "Then I bring the cake. Nobody tells Ilse about the tape, she does read this group but she never scrolls up",
        ],
        ["ilse", 6, "I scroll up every time"],
        ["anna.lindqvist", 5, "😂"],
        ["mira", 2, "Which tape"],
      ],
      nowMs,
      { typing: true, delivery: "delivered" },
    ),
    group(
      "Boat shed",
      [anna, mira, tomas, ilse],
      [
        ["anna.lindqvist", 9_000, { type: "created", people: [tomas, ilse] }],
        ["tomas_v", 8_000, "The new oars are in. Both the same length this time"],
        ["tomas_v", 7_990, "Nobody steps on them please"],
        ["ilse", 7_900, "Who has the padlock?"],
        ["anna.lindqvist", 7_890, "Me. It is under the second bench"],
        ["ilse", 7_880, "Found it, and a lunchbox from 2024"],
        ["anna.lindqvist", 300, { type: "added", people: [mira], sharedMessages: 5 }],
        ["anna.lindqvist", 299, "Mira rows on Thursdays from now on"],
        ["mira", 290, "Hello everyone! I will not step on the oars"],
        ["tomas_v", 280, "Welcome aboard"],
      ],
      nowMs,
      { addedAt: { line: 6, by: anna } },
    ),
    group(
      "New flat",
      [mira, noor, jonas],
      [["mira", 400, { type: "created", people: [noor, jonas] }]],
      nowMs,
    ),
    group(
      "Reading circle",
      [fakeMember("mira"), fakeMember("noor", "owner"), tomas],
      [
        ["noor", 50_000, { type: "created", people: [mira, tomas] }],
        ["tomas_v", 44_000, "Chapter four by Sunday?"],
        ["mira", 43_990, "Page nine and I know who did it"],
      ],
      nowMs,
      { isContradicted: true },
    ),
    group(
      "Allotment",
      [mira, noor, { ...jonas, verified: true }],
      [
        ["noor", 70_000, { type: "created", people: [mira, jonas] }],
        ["jonas.b", 45_000, "The beans are up"],
        ["noor", 44_900, "New phone, give me a minute"],
        ["mira", 44_890, "Who waters next week?"],
      ],
      nowMs,
      {
        memberTrust: [
          {
            ...noor,
            verified: false,
            held: true,
            keyChangesMs: [nowMs - 44_950 * minuteMs],
            contradicted: false,
          },
          { ...jonas, verified: true, held: false, keyChangesMs: [], contradicted: false },
        ],
      },
    ),
    group(
      "Street party",
      [anna, tomas, ilse],
      [
        ["anna.lindqvist", 60_000, { type: "created", people: [mira, tomas, ilse] }],
        ["ilse", 59_000, "Lanterns are in the cellar"],
        ["mira", 58_000, { type: "left", heir: undefined }],
      ],
      nowMs,
      { membership: "left" },
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
    group(
      "Summer 2026",
      [mira, anna],
      [
        ["anna.lindqvist", 90_000, { type: "created", people: [mira] }],
        ["mira", 89_000, "What a week"],
        ["mira", 80_000, { type: "dissolved" }],
      ],
      nowMs,
      { membership: "dissolved" },
    ),
  ];
}
