import path from "node:path";
import { preact } from "@preact/preset-vite";
import { defineConfig, type Plugin } from "vite";
import { shellManifest } from "./build/shell-manifest.ts";

const root = import.meta.dirname;
const repository = path.resolve(root, "..");
const workerPort = process.env["WORKER_PORT"] ?? "8787";

/** `--mode fake` runs the app on an in-memory client; such a build never lands where production is served from. */
function fakeClient(): Plugin {
  const seam = path.join(root, "app/client.ts");
  return {
    name: "sotto-fake-client",
    enforce: "pre",
    async resolveId(source, importer, options) {
      const resolved = await this.resolve(source, importer, { ...options, skipSelf: true });
      return resolved?.id === seam ? path.join(repository, "test/support/fake-client-entry.ts") : undefined;
    },
  };
}

interface ModuleGraph {
  getModuleInfo(id: string): { readonly isEntry: boolean; readonly importers: readonly string[] } | null;
}

/** What the worker needs at its start in one piece: in pieces it compresses worse. */
function eagerGroup(): (id: string, graph: ModuleGraph) => string | null {
  const known = new Map<string, boolean>();
  const isEager = (id: string, graph: ModuleGraph): boolean => {
    const found = known.get(id);
    if (found !== undefined) return found;
    known.set(id, false); // until known otherwise: imports may go round in circles
    const info = graph.getModuleInfo(id);
    const eager = info !== null && (info.isEntry || info.importers.some((from) => isEager(from, graph)));
    known.set(id, eager);
    return eager;
  };
  return (id, graph) => (isEager(id, graph) ? "core" : null);
}

export default defineConfig(({ mode }) => ({
  root,
  // Pinned in the build, so that no server can put another key in its place.
  define: { REPORT_PUBLIC_KEY: JSON.stringify(process.env["REPORT_PUBLIC_KEY"] ?? "") },
  plugins: [preact(), shellManifest(), ...(mode === "fake" ? [fakeClient()] : [])],
  build: {
    outDir: path.join(repository, mode === "fake" ? "dist/fake" : "dist/client"),
    emptyOutDir: true,
    target: "es2023",
    modulePreload: { polyfill: false },
    // Inlined images would need data: URLs in styles; a file of its own is cached for ever.
    assetsInlineLimit: 0,
    rolldownOptions: {
      input: { main: path.join(root, "index.html"), sw: path.join(root, "sw/index.ts") },
      output: {
        entryFileNames: (chunk) => (chunk.name === "sw" ? "sw.js" : "assets/[name]-[hash].js"),
        chunkFileNames: "assets/[name]-[hash].js",
        assetFileNames: "assets/[name]-[hash][extname]",
      },
    },
  },
  worker: {
    format: "es",
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: eagerGroup(), debugName: "core" }] } } },
  },
  optimizeDeps: {
    // The keys' worker is found late: a dependency first met there would reload the page under the person's hands.
    entries: ["index.html", "crypto-worker/index.ts"],
  },
  server: {
    host: "localhost",
    port: 5173,
    strictPort: true,
    proxy: {
      "/api": `http://localhost:${workerPort}`,
      "/ws": { target: `ws://localhost:${workerPort}`, ws: true },
    },
  },
}));
