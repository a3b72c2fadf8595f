/** Routes that need a session: adds the access token, and replaces it once when the server finds it expired. */
import { SottoError } from "#schema/errors.ts";
import type { AnswerOf, RouteContract } from "#schema/http/route.ts";
import type { Environment } from "../environment.ts";
import { type CallInput, callRoute } from "./http.ts";
import type { Tokens } from "./tokens.ts";

export type SessionCall = <C extends RouteContract>(contract: C, input: CallInput<C>) => Promise<AnswerOf<C>>;

/** Throws `SottoError` as `callRoute` does. */
export function sessionCall(environment: Environment, tokens: Tokens): SessionCall {
  return (contract, input) => withAccess(tokens, (token) => callRoute(environment, contract, input, token));
}

/** Runs `call` with an access token, and once more with another one when the server finds the first one expired. */
export async function withAccess<Result>(
  tokens: Tokens,
  call: (accessToken: string) => Promise<Result>,
): Promise<Result> {
  const token = await tokens.access();
  try {
    return await call(token);
  } catch (error) {
    if (!(error instanceof SottoError) || !isTokenProblem(error)) throw error;
    tokens.invalidate(token);
    return call(await tokens.access());
  }
}

function isTokenProblem(error: SottoError): boolean {
  return error.remedy === "refresh_token" || error.remedy === "reauthenticate";
}
