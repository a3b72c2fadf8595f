import type { BytesToSend } from "#core/environment.ts";

/** `fetch` does not tell how far an upload is; the older interface does. */
export function putBytes(
  url: string,
  { headers, body, signal, progress }: BytesToSend,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("PUT", url);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.addEventListener("progress", ({ loaded }) => progress(loaded));
    request.addEventListener("load", () => resolve({ status: request.status, text: request.responseText }));
    const fail = () => reject(new TypeError("the request failed"));
    request.addEventListener("error", fail);
    request.addEventListener("abort", fail);
    signal.addEventListener("abort", () => request.abort());
    if (signal.aborted) fail();
    else request.send(body);
  });
}
