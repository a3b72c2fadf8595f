/** Where a message is, and what should never happen to one. */
import * as v from "valibot";
import { accountIdSchema } from "../ids.ts";
import { limits } from "../limits.ts";
import { route } from "./route.ts";

/**
 * For the sender of a message alone, while the conversation's object keeps it: how many devices it was accepted for, how many of
 * those that are still there have acknowledged it, and which members have it and have read it.
 */
export const getDelivery = route({
  method: "GET",
  path: "/api/conversations/:conversation/messages/:seq/delivery",
  access: "session",
  request: undefined,
  answer: v.looseObject({
    devices: v.number(),
    acknowledged: v.number(),
    members: v.array(v.looseObject({ account: accountIdSchema, delivered: v.boolean(), read: v.boolean() })),
  }),
  errors: ["not_found"],
});

/** This device gave up on messages of a conversation: a number and nothing else. */
export const reportUndecryptable = route({
  method: "POST",
  path: "/api/conversations/:conversation/undecryptable",
  access: "session",
  request: v.strictObject({
    count: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(limits.undecryptableReport)),
  }),
  answer: v.looseObject({}),
  errors: ["not_found"],
});

/** For the operator, who sends the metrics token of `npm run secrets` as a bearer token. */
export const getMetrics = route({
  method: "GET",
  path: "/api/metrics",
  access: "anyone",
  request: undefined,
  answer: v.looseObject({
    /** Messages whose capsules expired before every device had acknowledged them. */
    messages_lost_total: v.number(),
    /** Messages that devices gave up on, by their own word. */
    undecryptable_total: v.number(),
  }),
  errors: ["unauthenticated"],
});
