/** Requests and answers of bytes. They take as long as they take, but not without any byte moving. */
import { SottoError } from "#schema/errors.ts";
import { readAttachment, uploadPart } from "#schema/http/attachments.ts";
import type { Environment } from "../environment.ts";
import { fillPath, parseAnswer } from "./http.ts";

/** A transfer in which nothing moved for this long is given up and tried again. */
const stallMs = 30_000;
/** A part that is sent without word of its progress: 8.4 MB at 30 KB/s. */
const blindMs = 300_000;

export interface Transfer {
  readonly params: Readonly<Record<string, string>>;
  readonly accessToken: string;
  readonly signal: AbortSignal;
  /** Bytes moved so far. */
  readonly progress: (bytes: number) => void;
}

/** Sends one part. Throws `SottoError` as `callRoute` does. */
export async function putPart(
  environment: Environment,
  body: Uint8Array<ArrayBuffer>,
  { params, accessToken, signal, progress }: Transfer,
): Promise<void> {
  const url = environment.origin + fillPath(uploadPart.path, { params });
  const headers = { authorization: `Bearer ${accessToken}`, "content-type": "application/octet-stream" };
  await guarded(
    environment,
    signal,
    environment.putBytes === undefined ? blindMs : stallMs,
    async (guard) => {
      const answer =
        environment.putBytes === undefined
          ? await putByFetch(environment, url, headers, body, guard.signal)
          : await environment.putBytes(url, {
              headers,
              body,
              signal: guard.signal,
              progress(sentBytes) {
                guard.moved();
                progress(sentBytes);
              },
            });
      parseAnswer(uploadPart, answer);
    },
  );
  progress(body.length);
}

/**
 * Reads bytes `from … below-1` of a blob. Throws `SottoError`: as `callRoute` does, and `internal` when the answer is
 * another range or length than was asked for (attack 61).
 */
export async function getRange(
  environment: Environment,
  { from, below }: { readonly from: number; readonly below: number },
  { params, accessToken, signal, progress }: Transfer,
): Promise<Uint8Array<ArrayBuffer>> {
  const url = environment.origin + fillPath(readAttachment.path, { params });
  const headers = { authorization: `Bearer ${accessToken}`, range: `bytes=${from}-${below - 1}` };
  return guarded(environment, signal, stallMs, async (guard) => {
    const response = await environment.fetch(url, {
      headers,
      credentials: "omit",
      cache: "no-store",
      signal: guard.signal,
    });
    if (response.status !== 206) {
      parseAnswer(readAttachment, { status: response.status, text: await response.text() });
      throw unexpected();
    }
    const range = response.headers.get("content-range") ?? "";
    if (!range.startsWith(`bytes ${from}-${below - 1}/`)) throw unexpected();
    return collect(response, below - from, (bytes) => {
      guard.moved();
      progress(bytes);
    });
  });
}

async function collect(
  response: Response,
  length: number,
  moved: (bytes: number) => void,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length);
  let filled = 0;
  const reader = response.body?.getReader();
  for (;;) {
    const next = await reader?.read();
    if (next === undefined || next.done) break;
    if (filled + next.value.length > length) {
      await reader?.cancel();
      throw unexpected();
    }
    bytes.set(next.value, filled);
    filled += next.value.length;
    moved(filled);
  }
  // An answer that ends early is a lost connection; the rest is asked for again.
  if (filled < length) throw new SottoError("unavailable", "The answer was cut off.");
  return bytes;
}

interface Guard {
  readonly signal: AbortSignal;
  moved(): void;
}

/** Runs a request that is given up when the caller wants, or when nothing moves. */
async function guarded<Result>(
  environment: Environment,
  signal: AbortSignal,
  idleMs: number,
  request: (guard: Guard) => Promise<Result>,
): Promise<Result> {
  const abort = new AbortController();
  const giveUp = () => abort.abort();
  let cancelTimer = environment.setTimer(idleMs, giveUp);
  signal.addEventListener("abort", giveUp);
  if (signal.aborted) giveUp();
  try {
    return await request({
      signal: abort.signal,
      moved() {
        cancelTimer();
        cancelTimer = environment.setTimer(idleMs, giveUp);
      },
    });
  } catch (cause) {
    if (cause instanceof SottoError) throw cause;
    throw new SottoError("unavailable", "The server could not be reached.", { cause });
  } finally {
    cancelTimer();
    signal.removeEventListener("abort", giveUp);
  }
}

async function putByFetch(
  environment: Environment,
  url: string,
  headers: Readonly<Record<string, string>>,
  body: Uint8Array<ArrayBuffer>,
  signal: AbortSignal,
): Promise<{ status: number; text: string }> {
  const response = await environment.fetch(url, {
    method: "PUT",
    headers,
    body,
    credentials: "omit",
    signal,
  });
  return { status: response.status, text: await response.text() };
}

function unexpected(): SottoError {
  return new SottoError("internal", "The server's answer was not what was asked for.");
}
