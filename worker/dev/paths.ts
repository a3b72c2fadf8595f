/** Where things are, for scripts that start tools. */
import { createRequire } from "node:module";
import path from "node:path";

export const root = path.resolve(import.meta.dirname, "../..");

const require = createRequire(path.join(root, "package.json"));

/** Absolute path of a package's executable script, to be run with this Node. */
export function toolPath(packageName: string, bin: string = packageName): string {
  const manifest = require.resolve(`${packageName}/package.json`);
  const bins = (require(manifest) as { bin: string | Record<string, string> }).bin;
  const relative = typeof bins === "string" ? bins : bins[bin];
  if (relative === undefined) throw new Error(`${packageName} has no executable ${bin}`);
  return path.join(path.dirname(manifest), relative);
}

/** wrangler needs Node 22; `npm run` puts the one from the lock file first on PATH. */
export function requireNode22(): void {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major > 22 || (major === 22 && minor >= 18)) return;
  console.error(
    `Node 22.18 or newer is needed, this is ${process.version}. Start through "npm run …", which uses the Node that npm installed here.`,
  );
  process.exit(1);
}
