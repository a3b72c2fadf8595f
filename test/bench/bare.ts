/** The bare group-commit object (bare/object.ts) on workerd without the development proxy. */
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Talk } from "./load/job.ts";
import type { Conversation } from "./ours.ts";

export interface Bare extends Talk {
  close(): Promise<void>;
}

/** Takes the very frames of `model`. */
export async function startBare(model: Conversation): Promise<Bare> {
  const source = readFileSync(path.join(import.meta.dirname, "bare/object.ts"), "utf8");
  const options = {
    name: "bare",
    compatibilityDate: "2026-10-23",
    compatibilityFlags: ["no_web_socket_compression"],
    modules: [{ type: "ESModule" as const, path: "object.js", contents: stripTypeScriptTypes(source) }],
    durableObjects: { BARE: { className: "Bare", useSQLite: true } },
    unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
  };
  const state = mkdtempSync(path.join(tmpdir(), "sotto-bare-"));
  const server = new Miniflare({
    ...convertV4MiniflareOptions({ workers: [options] }),
    resourcePersistencePath: state,
  });
  await server.ready;
  const { origin } = await server.unsafeGetDirectURL("bare");
  const url = `${origin.replace("http", "ws")}/bare`;
  return {
    sender: { ...model.sender, url },
    listeners: model.listeners.map((listener) => ({ ...listener, url })),
    async close() {
      await server.dispose();
      rmSync(state, { recursive: true, force: true });
    },
  };
}
