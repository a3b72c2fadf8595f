/** Gives the service worker the list of all files of the build, under a version made from their contents. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import type { Plugin } from "vite";

const placeholder = "__SHELL_MANIFEST__";
/** Served with rules of their own or never fetched by the app. */
const notShell = new Set(["sw.js", "_headers"]);

export function shellManifest(): Plugin {
  let publicDir = "";
  return {
    name: "sotto-shell-manifest",
    apply: "build",
    enforce: "post",
    configResolved(config) {
      publicDir = config.publicDir;
    },
    generateBundle: {
      order: "post",
      handler(_options, bundle) {
        const hash = createHash("sha256");
        const files = new Set<string>();
        const add = (name: string, content: string | Uint8Array): void => {
          if (notShell.has(name) || name.endsWith(".map")) return;
          files.add(name === "index.html" ? "/" : `/${name}`);
          hash.update(name).update(content);
        };
        for (const output of Object.values(bundle).sort((a, b) => a.fileName.localeCompare(b.fileName))) {
          add(output.fileName, output.type === "chunk" ? output.code : output.source);
        }
        const own = readdirSync(publicDir, { recursive: true, withFileTypes: true });
        for (const entry of own.filter((one) => one.isFile())) {
          const file = path.join(entry.parentPath, entry.name);
          add(path.relative(publicDir, file).split(path.sep).join("/"), readFileSync(file));
        }
        const worker = bundle["sw.js"];
        if (worker?.type !== "chunk" || !worker.code.includes(placeholder)) {
          this.error("sw.js does not read its shell manifest");
        }
        // Browsers that run service workers only as plain scripts would refuse it, and nothing would say so.
        if (worker.imports.length > 0) this.error(`sw.js shares code with the app: ${worker.imports.join()}`);
        const manifest = { version: hash.digest("hex").slice(0, 16), files: [...files].sort() };
        worker.code = worker.code.replaceAll(placeholder, JSON.stringify(manifest));
      },
    },
  };
}
