/**
 * Invite links of groups (decision 121). Whoever calls shows the invite's public key, which only its holders know. A group that does not
 * exist, one without an invite and one with another invite are `not_found` alike.
 */
import * as v from "valibot";
import { accountIdSchema, base64UrlOf, sequenceSchema, timestampMsSchema } from "../ids.ts";
import { route } from "./route.ts";

const publicKey = base64UrlOf(32);
/** A signature of the invite's key that names the calling account (`joinProofMessage`). */
const proof = base64UrlOf(64);
const epoch = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(0xffffffff));
const requestState = v.picklist(["none", "waiting", "refused"]);

/** What a visitor sees before joining. `link_over`: the invite's time is up. */
export const previewInvite = route({
  method: "POST",
  path: "/api/conversations/:conversation/invite/preview",
  access: "anyone",
  request: v.strictObject({ publicKey }),
  answer: v.looseObject({
    /** Sealed; the key for them is in `sealed`, for who has the link. */
    settings: v.string(),
    sealed: v.string(),
    needsApproval: v.boolean(),
    expiresAtMs: timestampMsSchema,
    members: v.number(),
  }),
  errors: ["not_found", "link_over"],
});

/** The operations after an epoch, for who may join without approval and has to build on them. */
export const listInvitedOperations = route({
  method: "POST",
  path: "/api/conversations/:conversation/invite/operations",
  access: "session",
  request: v.strictObject({ publicKey, proof, after: epoch }),
  answer: v.looseObject({
    operations: v.array(v.looseObject({ epoch: v.number(), seq: sequenceSchema, operation: v.string() })),
    more: v.boolean(),
  }),
  errors: ["not_found", "link_over", "forbidden", "bad_signature"],
});

/**
 * Asks to be let in, again with the same answer. `forbidden`: nobody has to be asked, or a member asks. `rate_limited`: too many others
 * wait.
 */
export const requestJoin = route({
  method: "POST",
  path: "/api/conversations/:conversation/invite/requests",
  access: "session",
  request: v.strictObject({ publicKey, proof }),
  answer: v.looseObject({ state: requestState }),
  errors: ["not_found", "link_over", "forbidden", "bad_signature"],
});

/** What has become of the caller's request. */
export const joinRequestState = route({
  method: "POST",
  path: "/api/conversations/:conversation/invite/own",
  access: "session",
  request: v.strictObject({ publicKey }),
  answer: v.looseObject({ state: requestState }),
  errors: ["not_found", "link_over"],
});

/** Who waits to be let in, oldest first; for admins and owners. */
export const listJoinRequests = route({
  method: "GET",
  path: "/api/conversations/:conversation/invite/requests",
  access: "session",
  request: undefined,
  answer: v.looseObject({
    requests: v.array(
      v.looseObject({
        account: accountIdSchema,
        username: v.string(),
        requestedAtMs: timestampMsSchema,
        publicKey: v.string(),
        proof: v.string(),
      }),
    ),
  }),
  errors: ["not_found", "forbidden"],
});

/** Admins and owners refuse; letting in is an operation. `not_found`: nobody waits under this account. */
export const refuseJoin = route({
  method: "DELETE",
  path: "/api/conversations/:conversation/invite/requests/:account",
  access: "session",
  request: undefined,
  answer: v.looseObject({}),
  errors: ["not_found", "forbidden"],
});
