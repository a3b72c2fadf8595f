/** Calls the HTTP routes of schema/http: typed requests, tolerantly parsed answers, errors as `SottoError`. */
import * as v from "valibot";
import { errorBodySchema, SottoError } from "#schema/errors.ts";
import type { AnswerOf, RequestOf, RouteContract } from "#schema/http/route.ts";
import type { Environment } from "../environment.ts";

/** A call without an answer for this long counts as failed; registration uploads 100 KB of prekeys. */
const timeoutMs = 30_000;

export interface CallInput<C extends RouteContract> {
  /** Values of the path's `:name` parameters. */
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly body?: RequestOf<C>;
}

const answerSchema = v.variant("success", [
  v.looseObject({ success: v.literal(true), data: v.unknown() }),
  v.looseObject({ success: v.literal(false), error: errorBodySchema }),
]);

/**
 * Calls a route. Throws `SottoError`: the server's kind; `unavailable` when it cannot be reached;
 * `internal` when its answer is not of the contract.
 */
export async function callRoute<C extends RouteContract>(
  environment: Environment,
  contract: C,
  input: CallInput<C>,
  accessToken?: string,
): Promise<AnswerOf<C>> {
  return parseAnswer(contract, await send(environment, contract, input, accessToken));
}

/** `data` of an answer. Throws `SottoError`: the refusal that it is, or what it looks like when it is none of ours. */
export function parseAnswer<C extends RouteContract>(
  contract: C,
  { status, text }: { readonly status: number; readonly text: string },
): AnswerOf<C> {
  const answer = v.safeParse(answerSchema, tryParseJson(text));
  if (!answer.success) {
    throw new SottoError(
      status >= 500 ? "unavailable" : "internal",
      "The server's answer was not understood.",
    );
  }
  if (!answer.output.success) {
    const { code, message, retryAfterMs } = answer.output.error;
    throw new SottoError(code, message, retryAfterMs === undefined ? {} : { retryAfterMs });
  }
  const data = v.safeParse(contract.answer, answer.output.data);
  if (!data.success) throw new SottoError("internal", "The server's answer was not understood.");
  return data.output;
}

async function send<C extends RouteContract>(
  environment: Environment,
  contract: C,
  input: CallInput<C>,
  accessToken: string | undefined,
): Promise<{ status: number; text: string }> {
  const headers: Record<string, string> = {};
  if (accessToken !== undefined) headers["authorization"] = `Bearer ${accessToken}`;
  if (input.body !== undefined) headers["content-type"] = "application/json";
  const abort = new AbortController();
  const cancelTimer = environment.setTimer(timeoutMs, () => abort.abort());
  try {
    const response = await environment.fetch(environment.origin + fillPath(contract.path, input), {
      method: contract.method,
      headers,
      credentials: environment.refreshTransport === "cookie" ? "same-origin" : "omit",
      cache: "no-store",
      signal: abort.signal,
      ...(input.body !== undefined && { body: JSON.stringify(input.body) }),
    });
    return { status: response.status, text: await response.text() };
  } catch (cause) {
    throw new SottoError("unavailable", "The server could not be reached.", { cause });
  } finally {
    cancelTimer();
  }
}

/** Throws `RangeError` when a parameter of the path is missing. */
export function fillPath(path: string, input: Pick<CallInput<RouteContract>, "params" | "query">): string {
  const filled = path.replace(/:([A-Za-z]+)/g, (_, name: string) => {
    const value = input.params?.[name];
    if (value === undefined) throw new RangeError(`path parameter ${name} is missing`);
    return encodeURIComponent(value);
  });
  const query = Object.entries(input.query ?? {}).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`],
  );
  return query.length === 0 ? filled : `${filled}?${query.join("&")}`;
}

function tryParseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // a proxy's error page, told apart by the schema
  }
}
