/** The form in which every HTTP route is declared: method, path, bodies and the errors it may answer. */
import type * as v from "valibot";
import type { ErrorKind } from "../errors.ts";

export interface RouteContract<
  Request extends v.GenericSchema | undefined = v.GenericSchema | undefined,
  Answer extends v.GenericSchema = v.GenericSchema,
  Query extends v.GenericSchema = v.GenericSchema,
> {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** Path with `:name` parameters, from the origin. */
  readonly path: `/api/${string}`;
  /** Who may call: anyone, or a device with a live session. */
  readonly access: "anyone" | "session";
  /** JSON body, parsed strictly. Undefined: the route takes none. */
  readonly request: Request;
  /** Query parameters, parsed strictly. */
  readonly query?: Query;
  /** `data` of a successful answer. */
  readonly answer: Answer;
  /** The request's or the successful answer's body is bytes, not JSON. Refusals are JSON all the same. */
  readonly binary?: "request" | "answer";
  /** Errors this route may answer besides those of every route. */
  readonly errors: readonly ErrorKind[];
  /** Largest accepted body. */
  readonly maxBytes?: number;
}

/** Errors any route may answer. */
export const commonErrors = [
  "malformed",
  "too_large",
  "method_not_allowed",
  "origin_refused",
  "rate_limited",
  "unavailable",
  "internal",
] as const satisfies readonly ErrorKind[];

/** Errors any route with `access: "session"` may answer besides. */
export const sessionErrors = [
  "unauthenticated",
  "token_expired",
  "session_revoked",
] as const satisfies readonly ErrorKind[];

/** Keeps the literal types of a contract. */
export function route<
  Request extends v.GenericSchema | undefined,
  Answer extends v.GenericSchema,
  Query extends v.GenericSchema = v.GenericSchema,
>(contract: RouteContract<Request, Answer, Query>): RouteContract<Request, Answer, Query> {
  return contract;
}

export type RequestOf<C extends RouteContract> = C["request"] extends v.GenericSchema
  ? v.InferInput<C["request"]>
  : undefined;
export type AnswerOf<C extends RouteContract> = v.InferOutput<C["answer"]>;
