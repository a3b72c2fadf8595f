/** The entry that the platform calls. The object classes are exported here because it looks for them here. */
import { app } from "./app.ts";
import type { Env } from "./env.ts";
import { logEvent } from "./events.ts";
import { cleanAttempts } from "./login-attempts.ts";
import { cleanUploads } from "./routes/attachments.ts";

export { Conversation } from "#durable-objects/conversation/conversation.ts";
export { Inbox } from "#durable-objects/inbox/inbox.ts";
export { Rendezvous } from "#durable-objects/rendezvous/rendezvous.ts";

export default {
  fetch: (request, env, context) => app.fetch(request, env, context),

  async scheduled(_controller, env) {
    await cleanAttempts(env, Date.now());
    logEvent("info", { event: "login_attempts_cleaned" });
    await cleanUploads(env, Date.now());
    logEvent("info", { event: "uploads_cleaned" });
  },

  /** Nothing is sent to this queue yet; what arrives is taken off it. */
  queue(batch) {
    batch.ackAll();
  },
} satisfies ExportedHandler<Env>;
