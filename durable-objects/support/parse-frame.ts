/** From the text of a frame to the events a client may send; nothing is parsed before its size is known. */
import * as v from "valibot";
import { limits } from "#schema/limits.ts";

type Parsed<Schema extends v.GenericSchema> = v.InferOutput<Schema> | "malformed";

/** A frame with one event. */
export function parseFrame<Schema extends v.GenericSchema>(
  schema: Schema,
  data: string | ArrayBuffer,
): Parsed<Schema> | "too_large" {
  const json = parseJson(data);
  return json === "malformed" || json === "too_large" ? json : parseEvent(schema, json.value);
}

function parseJson(data: string | ArrayBuffer): { readonly value: unknown } | "malformed" | "too_large" {
  if (typeof data !== "string") return data.byteLength > limits.frameBytes ? "too_large" : "malformed";
  // Valid frames are ASCII, so characters are bytes.
  if (data.length > limits.frameBytes) return "too_large";
  try {
    return { value: JSON.parse(data) };
  } catch {
    return "malformed";
  }
}

function parseEvent<Schema extends v.GenericSchema>(schema: Schema, value: unknown): Parsed<Schema> {
  const parsed = v.safeParse(schema, value);
  return parsed.success ? parsed.output : "malformed";
}
