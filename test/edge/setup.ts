/** Every edge test file starts with empty, migrated databases, and reaches the Worker through `fetch`. */
import { applyD1Migrations } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";

await applyD1Migrations(env.DB, env.DIRECTORY_MIGRATIONS);
await applyD1Migrations(env.ARCHIVE_0, env.ARCHIVE_MIGRATIONS);
await applyD1Migrations(env.ARCHIVE_1, env.ARCHIVE_MIGRATIONS);

let requests = 0;

/** The helpers of test/support speak HTTP; here that is the Worker in this process, each request from its own address. */
globalThis.fetch = (input, init) => {
  const request = new Request(input, init);
  requests += 1;
  if (!request.headers.has("cf-connecting-ip"))
    request.headers.set("cf-connecting-ip", `192.0.2.${requests}`);
  return exports.default.fetch(request);
};
