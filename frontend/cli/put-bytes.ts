import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import type { BytesToSend } from "#core/environment.ts";

/** Handed to the socket at once; short enough for a slow network to show that something moves. */
const stepBytes = 262_144;

/** `fetch` does not tell how far an upload is, and copies what it sends twice. */
export function putBytes(
  url: string,
  { headers, body, signal, progress }: BytesToSend,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const open = url.startsWith("https:") ? requestHttps : requestHttp;
    const request = open(url, {
      method: "PUT",
      headers: { ...headers, "content-length": String(body.length) },
      signal,
    });
    request.on("error", reject);
    request.on("response", (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (piece: string) => (text += piece));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
      response.on("error", reject);
    });
    const sendFrom = (at: number): void => {
      progress(at);
      if (at === body.length) return void request.end();
      const end = Math.min(at + stepBytes, body.length);
      // An error is told by its event.
      request.write(body.subarray(at, end), (error) => {
        if (!(error instanceof Error)) sendFrom(end);
      });
    };
    sendFrom(0);
  });
}
