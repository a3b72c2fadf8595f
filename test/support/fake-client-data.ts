/** People and conversations of the fake client: enough of everything a chat can show, told relative to one instant. */
import type {
  ConversationView,
  DeliveryState,
  MessageView,
  PresenceView,
  TrustView,
} from "#core/client-api.ts";
import type { AccountId, ClientMessageId, ConversationId } from "#schema/ids.ts";
import type { FakeGroup } from "./fake-client-groups.ts";

/** The caller says which kind of identifier a made-up name stands for. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters
export const fakeId = <T extends string>(name: string): T =>
  name
    .replace(/[^A-Za-z0-9]/g, "-")
    .padEnd(21, "0")
    .slice(0, 21)
    .concat("A") as T;

export const self = { account: fakeId<AccountId>("account-mira"), username: "mira" };

const minuteMs = 60_000;
const dayMs = 86_400_000;

/** `me` or `them`, minutes before now, text (or a reason why it cannot be read), state of an own message. */
type Line = readonly [
  who: "me" | "them",
  minutesAgo: number,
  text: string | { readonly unreadable: "waiting" | "before_this_device" | "broken" },
  delivery?: DeliveryState,
];

export interface FakeConversation {
  readonly conversationId: ConversationId;
  readonly peer: { readonly account: AccountId; readonly username: string };
  messages: MessageView[];
  readSeq: number;
  draft: string;
  readonly devicesWithheld?: ConversationView["devicesWithheld"];
  peerTyping: boolean;
  peerPresence: PresenceView | undefined;
  peerTrust?: TrustView;
  /** Makes it a group; `peer` then means nothing. */
  readonly group?: FakeGroup;
}

function conversation(
  username: string,
  lines: readonly Line[],
  nowMs: number,
  extra: {
    unread?: number;
    draft?: string;
    typing?: boolean;
    trust?: Partial<TrustView>;
    withheld?: "peer" | "me";
  } = {},
): FakeConversation {
  const conversationId = fakeId<ConversationId>(`chat-${username}`);
  const account = fakeId<AccountId>(`account-${username}`);
  let seq = 0;
  let outbox = 0;
  const messages = lines.map(([who, minutesAgo, body, delivery], index): MessageView => {
    const mine = who === "me";
    const unsent = delivery === "pending" || delivery === "failed";
    if (unsent) outbox += 1;
    else seq += 1;
    return {
      conversationId,
      clientMessageId: fakeId<ClientMessageId>(`m${index}-${username}`),
      seq: unsent ? undefined : seq,
      outboxPosition: unsent ? outbox : undefined,
      mine,
      sender: mine ? self.account : account,
      senderName: mine ? self.username : username,
      timeMs: nowMs - minutesAgo * minuteMs,
      content:
        typeof body === "string"
          ? { type: "text", text: body }
          : { type: "unreadable", reason: body.unreadable },
      delivery: mine ? (delivery ?? "read") : undefined,
    };
  });
  return {
    conversationId,
    peer: { account, username },
    messages,
    readSeq: seq - (extra.unread ?? 0),
    draft: extra.draft ?? "",
    ...(extra.withheld !== undefined && {
      devicesWithheld: [
        extra.withheld === "me" ? { ...self, isMe: true } : { account, username, isMe: false },
      ],
    }),
    peerTyping: extra.typing ?? false,
    peerPresence: extra.typing
      ? { state: "online" }
      : { state: "offline", lastSeenMs: nowMs - 42 * minuteMs },
    peerTrust: { verified: false, held: false, keyChangesMs: [], contradicted: false, ...extra.trust },
  };
}

const letter = `Dear all,

here is the long version of what I said on the phone, so that nobody has to remember it.

We meet on Friday at seven at the old station, the side entrance, not the one with the clock. Bring warm clothes: the platform is open to the river and it was four degrees last night. Jonas has the key and will be there at half past six.

First we listen to the two pieces from last time, from the beginning, without stopping. Then ten minutes of quiet. Then the new one. I have printed the parts, but please look at the second page before: the change of time in bar 40 is easier than it looks, and everybody stumbles there exactly once.

At nine the neighbours go to bed. We keep our voices down from then on, which suits the last piece anyway.

There is soup. There is also bread, but only if Anna remembers, so somebody please remind Anna.

If it rains we meet in the hall behind the library. I will write here by four whether it rains; you do not need to ask, and please do not ask, because last time forty messages about the weather buried the one about the key.

Trains back: 21:52, 22:22, 22:52 and then nothing until morning. Ilse has a car with three seats.

I am looking forward to it more than I can say in a reasonable number of lines, and this number is no longer reasonable.

Until Friday,
Tomás`;

export function history(count: number, nowMs: number): FakeConversation {
  const words = [
    "Yes.",
    "I will look at it tonight.",
    "Could you send me the second part again?",
    "Here you are.",
    "Lovely, thank you!",
    "The train is late, start without me.",
  ];
  const lines = Array.from({ length: count }, (_, index): Line => {
    const who = Math.floor(index / 2) % 2 === 0 ? "them" : "me";
    return [who, (count - index) * 47, `${words[index % words.length] ?? ""} (${index + 1})`];
  });
  return conversation("orchestra.notes", lines, nowMs);
}

export function conversations(nowMs: number): FakeConversation[] {
  const day = dayMs / minuteMs;
  return [
    conversation(
      "anna.lindqvist",
      [
        ["them", day + 412, "Did you get home all right? The last tram was packed"],
        [
          "me",
          day + 405,
          "I did! Walked the last bit along the water, it was so quiet you could hear the ice",
        ],
        ["them", day + 404, "Now I am jealous"],
        ["them", day + 404, "We had the neighbours’ drum lesson instead"],
        ["me", day + 398, "🥁"],
        ["them", 96, "Morning! I found the recording from the chapel. Still gives me goosebumps"],
        ["them", 95, "https://archive.example.org/recordings/chapel-1998 — listen from minute four"],
        ["me", 71, "Oh this is beautiful. Who is the alto?"],
        ["them", 66, "That is Ilse! She was nineteen then"],
        ["me", 64, "No!! I would never have guessed"],
        ["me", 64, "Shall we play it for her on Friday? She does not know there is a tape, does she"],
        ["them", 22, "She has no idea"],
        ["them", 21, "Friday it is. I bring the small speaker, you bring the cake, nobody says a word"],
        ["me", 19, "Sotto voce 🤫"],
        ["them", 4, "Perfect. See you at seven by the side entrance?"],
        ["me", 3, "Seven, side entrance. I will be the one with the suspicious box", "read"],
        ["me", 2, "Do you want me to pick you up on the way?", "delivered"],
      ],
      nowMs,
      { typing: true, trust: { verified: true } },
    ),
    conversation(
      "tomas_v",
      [
        ["me", 240, "Are we still on for Friday?"],
        ["them", 190, letter],
        ["me", 180, "That was worth every line.", "read"],
        ["them", 12, "One more thing"],
        ["them", 11, "The heating in the hall works again"],
        ["them", 9, "So no excuses"],
      ],
      nowMs,
      { unread: 3 },
    ),
    conversation(
      "ilse",
      [
        ["them", 160, "Found your scarf, it is on my piano"],
        ["me", 150, "Keep it warm for me until Friday", "delivered"],
      ],
      nowMs,
    ),
    conversation(
      "jonas.b",
      [
        ["them", 300, { unreadable: "before_this_device" }],
        ["me", 290, "I have the key, do not worry"],
        ["them", 200, { unreadable: "waiting" }],
        ["me", 130, "Which door was it again?", "sent"],
        ["me", 36, "Never mind, found it", "pending"],
        ["me", 35, "Here is the list for the kitchen: soup bowls, twelve spoons, the big pot", "failed"],
      ],
      nowMs,
      { draft: "And could you ask whether" },
    ),
    conversation(
      "study.group",
      [
        [
          "them",
          day + 130,
          "Notes are up: https://bücher.example/notes (or www.example.org/wiki/Motet_(Bach), same thing)",
        ],
        ["me", day + 120, "Reading them now"],
      ],
      nowMs,
      { trust: { contradicted: true, keyChangesMs: [nowMs - (day + 125) * minuteMs] } },
    ),
    conversation(
      "noor",
      Array.from({ length: 128 }, (_, index): Line => [
        "them",
        2 * day + 128 - index,
        `Photo ${index + 1} of the exhibition is on the server`,
      ]),
      nowMs,
      { unread: 118 },
    ),
    conversation(
      "יעל",
      [
        ["them", 3 * day, "נתראה ביום שישי בשבע, בכניסה הצדדית"],
        ["me", 3 * day - 5, "!מצוין"],
      ],
      nowMs,
    ),
    conversation("felix.the.very.long.name.of.all", [["me", 6 * day, "Thanks again for the lift"]], nowMs, {
      withheld: "me",
    }),
    conversation("grandma", [["them", 21 * day, "Call me when you have a minute, nothing urgent"]], nowMs, {
      trust: { held: true, keyChangesMs: [nowMs - 20 * dayMs] },
    }),
    history(400, nowMs - 30 * dayMs),
  ];
}
