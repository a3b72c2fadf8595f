import type { Settings } from "./settings.ts";

/** The Worker's bindings (wrangler.toml). */
export interface Env extends Settings {
  readonly DB: D1Database;
  readonly CONVERSATION: DurableObjectNamespace;
  readonly INBOX: DurableObjectNamespace;
  readonly RENDEZVOUS: DurableObjectNamespace;
  /** Sealed blobs: attachments and backups. */
  readonly MEDIA: R2Bucket;
  readonly ASSETS: Fetcher;
  readonly LIMIT_ANON: RateLimit;
  readonly LIMIT_SESSION: RateLimit;
  readonly LIMIT_LINK: RateLimit;
}
