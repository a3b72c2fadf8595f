/** The envelope of every HTTP answer. */
import type { ErrorBody } from "../errors.ts";

export type Answer<Data> =
  | { readonly success: true; readonly data: Data }
  | { readonly success: false; readonly error: ErrorBody };
