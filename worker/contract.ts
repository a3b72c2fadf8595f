/** Serves a route by its contract: limits, origin, session, strict parsing, and one form of answer. */
import type { Context, Hono } from "hono";
import * as v from "valibot";
import { SottoError } from "#schema/errors.ts";
import type { AnswerOf, RouteContract } from "#schema/http/route.ts";
import { limits } from "#schema/limits.ts";
import type { Identity } from "#schema/rpc/shared.ts";
import { type AnswerContext, failure, outwardError, success } from "./answer.ts";
import { readJson } from "./body.ts";
import type { Env } from "./env.ts";
import { faultOf, logEvent } from "./events.ts";
import { isOriginAllowed } from "./origin.ts";
import { authenticate, limitAnonymous } from "./session.ts";

export type App = Hono<{ Bindings: Env }>;

type BodyOf<C extends RouteContract> = C["request"] extends v.GenericSchema
  ? v.InferOutput<C["request"]>
  : undefined;

type QueryOf<C extends RouteContract> = v.InferOutput<NonNullable<C["query"]>>;

/** A request that has passed every check its contract states. */
export interface Call<Body, Query> {
  readonly env: Env;
  readonly request: Request;
  readonly body: Body;
  /** Parses a path parameter; a wrong form is `malformed`. */
  readonly param: <Schema extends v.GenericSchema>(name: string, schema: Schema) => v.InferOutput<Schema>;
  readonly query: Query;
  /** The caller. Throws on a route that anyone may call. */
  readonly identity: Identity;
  readonly setCookie: (cookie: string) => void;
}

export type Handler<C extends RouteContract> = (call: Call<BodyOf<C>, QueryOf<C>>) => Promise<AnswerOf<C>>;

/** Of a route whose answer is bytes. */
export type BytesHandler<C extends RouteContract> = (
  call: Call<BodyOf<C>, QueryOf<C>>,
) => Promise<(context: AnswerContext) => Response>;

export function serve<C extends RouteContract>(app: App, contract: C, handler: Handler<C>): void {
  serveAnswer(app, contract, async (call) => {
    const data = await handler(call as Call<BodyOf<C>, QueryOf<C>>);
    return (context) => success(data, context);
  });
}

export function serveBytes<C extends RouteContract>(app: App, contract: C, handler: BytesHandler<C>): void {
  serveAnswer(app, contract, (call) => handler(call as Call<BodyOf<C>, QueryOf<C>>));
}

function serveAnswer(
  app: App,
  contract: RouteContract,
  answer: (call: Call<unknown, unknown>) => Promise<(context: AnswerContext) => Response>,
): void {
  app.on(contract.method, contract.path, async (context) => {
    const requestId = crypto.randomUUID();
    let cookie: string | undefined;
    try {
      const call = await openCall(contract, context, (value) => (cookie = value));
      const respond = await answer(call);
      return respond({ requestId, cookie });
    } catch (error) {
      const outward = outwardError(error);
      if (outward.kind === "internal") {
        logEvent("error", {
          event: "request_failed",
          route: contract.path,
          requestId,
          fault: faultOf(error),
        });
      }
      return failure(outward, { requestId, cookie });
    }
  });
}

/** Answers any request on a served path that no contract took. Called after the last `serve`. */
export function refuseOtherMethods(app: App): void {
  for (const path of new Set(app.routes.map((route) => route.path))) {
    app.all(path, () => refusal("method_not_allowed", "This address does not take this method."));
  }
}

export function refusal(kind: SottoError["kind"], message: string): Response {
  return failure(new SottoError(kind, message), { requestId: crypto.randomUUID() });
}

async function openCall(
  contract: RouteContract,
  { req, env }: Context<{ Bindings: Env }>,
  setCookie: (cookie: string) => void,
): Promise<Call<unknown, unknown>> {
  const request = req.raw;
  if (contract.method !== "GET" && !isOriginAllowed(request, env)) {
    throw new SottoError("origin_refused", "This web page may not use the API.");
  }
  let identity: Identity | undefined;
  if (contract.access === "session") identity = await authenticate(env, request);
  else await limitAnonymous(env, request);
  const body =
    contract.request === undefined
      ? undefined
      : parse(contract.request, await readJson(request, contract.maxBytes ?? limits.requestBytes));
  return {
    env,
    request,
    body,
    param: (name, schema) => parse(schema, req.param(name)),
    query: contract.query === undefined ? undefined : parse(contract.query, req.query()),
    get identity(): Identity {
      if (identity === undefined) throw new Error("a route for anyone has no identity");
      return identity;
    },
    setCookie,
  };
}

function parse<Schema extends v.GenericSchema>(schema: Schema, input: unknown): v.InferOutput<Schema> {
  const parsed = v.safeParse(schema, input);
  if (!parsed.success) throw new SottoError("malformed", "The request is not understood.");
  return parsed.output;
}
