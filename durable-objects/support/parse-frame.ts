/** From the text of a frame to one of the events a client may send; nothing is parsed before its size is known. */
import * as v from "valibot";
import { limits } from "#schema/limits.ts";

export function parseFrame<Schema extends v.GenericSchema>(
  schema: Schema,
  data: string | ArrayBuffer,
): v.InferOutput<Schema> | "malformed" | "too_large" {
  if (typeof data !== "string") return data.byteLength > limits.frameBytes ? "too_large" : "malformed";
  // Valid frames are ASCII, so characters are bytes.
  if (data.length > limits.frameBytes) return "too_large";
  let json: unknown;
  try {
    json = JSON.parse(data);
  } catch {
    return "malformed";
  }
  const parsed = v.safeParse(schema, json);
  return parsed.success ? parsed.output : "malformed";
}
