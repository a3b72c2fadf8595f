/** From the text of a frame to one of the events a client may send; nothing is parsed before its size is known. */
import * as v from "valibot";
import { limits } from "#schema/limits.ts";

export function parseFrame<Schema extends v.GenericSchema>(
  schema: Schema,
  data: string | ArrayBuffer,
  /** Recognises the commonest frame, sparing it the schema. What it takes, the schema must take unchanged. */
  shortcut: (json: unknown) => v.InferOutput<Schema> | undefined = () => undefined,
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
  const known = shortcut(json);
  if (known !== undefined) return known;
  const parsed = v.safeParse(schema, json);
  return parsed.success ? parsed.output : "malformed";
}
