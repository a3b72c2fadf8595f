/** Groups: create, change, and look at what they are made of (decision 070). */
import * as v from "valibot";
import { groupOpMaxBytes } from "../envelope/group-op.ts";
import { accountIdSchema, base64UrlUpTo, sequenceSchema } from "../ids.ts";
import { limits } from "../limits.ts";
import { groupSummarySchema } from "../protocol/conversation.ts";
import { route } from "./route.ts";

/** A signed group operation, layout in schema/envelope/group-op.ts. */
const operation = base64UrlUpTo(groupOpMaxBytes, 180);
const epochText = v.pipe(v.string(), v.regex(/^\d{1,10}$/), v.transform(Number));
const count = v.pipe(
  v.string(),
  v.regex(/^\d{1,3}$/),
  v.transform(Number),
  v.minValue(1),
  v.maxValue(limits.pageMax),
);
const refused = ["bad_signature", "forbidden", "not_found", "group_conflict", "unsupported_version"] as const;
const refusedChange = [...refused, "link_over"] as const;

/**
 * The first operation of a group makes its conversation, whose id is the group's. The caller is the actor. Sending the same
 * operation again confirms it. `not_found`: a member does not exist. `forbidden`: the rules refuse it.
 */
export const createGroup = route({
  method: "POST",
  path: "/api/conversations/groups",
  access: "session",
  request: v.strictObject({ operation }),
  answer: groupSummarySchema,
  errors: refused,
});

/**
 * Changes a group. Accepted only on top of its newest operation; `group_conflict` names the newest epoch. An accepted operation has
 * its place in the conversation's log, where everyone gets it. Sending it again gives the same answer. Whoever is no member may send
 * one alone, that joins by the invite in force.
 */
export const postOperation = route({
  method: "POST",
  path: "/api/conversations/:conversation/operations",
  access: "session",
  request: v.strictObject({ operation }),
  answer: v.looseObject({ epoch: v.number(), seq: sequenceSchema }),
  errors: refusedChange,
});

/** The operations after an epoch, ascending, from the first on: members check all of them. */
export const listOperations = route({
  method: "GET",
  path: "/api/conversations/:conversation/operations",
  access: "session",
  request: undefined,
  query: v.strictObject({ after: v.optional(epochText), limit: v.optional(count) }),
  answer: v.looseObject({
    operations: v.array(v.looseObject({ epoch: v.number(), seq: sequenceSchema, operation: v.string() })),
    more: v.boolean(),
  }),
  errors: ["not_found"],
});

/** Everyone in the group now, with names and the device lists that messages must be made for. */
export const listMembers = route({
  method: "GET",
  path: "/api/conversations/:conversation/members",
  access: "session",
  request: undefined,
  answer: v.looseObject({
    epoch: v.number(),
    members: v.array(
      v.looseObject({
        account: accountIdSchema,
        username: v.string(),
        /** 1 member, 2 admin, 3 owner; 0 in a direct conversation. */
        role: v.number(),
        joinedEpoch: v.number(),
        listVersion: v.number(),
      }),
    ),
  }),
  errors: ["not_found"],
});
