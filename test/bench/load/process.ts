/** The load generator's process: one job at a time, given and answered as messages. */
import type { LoadJob } from "./job.ts";
import { runJob } from "./run-job.ts";

process.on("message", (job: LoadJob) => {
  runJob(job).then(
    (figures) => process.send?.({ figures }),
    (error: unknown) => process.send?.({ error: error instanceof Error ? error.message : String(error) }),
  );
});
