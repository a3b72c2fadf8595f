/** What the app says where people who come into a group may be given earlier messages, in English. */
import type { HistoryChoice } from "#core/client-api.ts";
import { limits } from "#schema/limits.ts";

const most = limits.sharedMessages.toLocaleString("en");
const seen = "Everybody in the group sees that you shared them.";

export const historyText = {
  title: "Earlier messages they can read",
  choices: {
    none: "None",
    recent: `Last ${limits.recentMessages}`,
    all: "All",
  } satisfies Record<HistoryChoice, string>,
  hints: {
    none: "They can read what is written from now on, not what was written before.",
    recent: `They can also read the last ${limits.recentMessages} messages that you can read here. ${seen}`,
    all: `They can also read everything that you can read here, up to ${most} messages. ${seen}`,
  } satisfies Record<HistoryChoice, string>,
} as const;
