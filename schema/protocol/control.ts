/** Frames about the connection itself. */
import * as v from "valibot";
import { errorBodySchema } from "../errors.ts";

/**
 * Heartbeat. These exact strings are answered by the platform without waking the object, so they are matched as
 * text and never parsed on the server.
 */
export const pingText = '{"type":"ping"}';
export const pongText = '{"type":"pong"}';

export const pongSchema = v.looseObject({ type: v.literal("pong") });

/** Down: a frame was refused for a reason that no other event carries. The socket stays open. */
export const errorFrameSchema = v.looseObject({
  type: v.literal("error"),
  error: errorBodySchema,
  /** Id of the `device:send` that was refused. */
  id: v.optional(v.string()),
});
