/** The load generator, a process of its own so that measuring and being measured do not share a thread. */
import { fork } from "node:child_process";
import path from "node:path";
import type { LoadFigures, LoadJob } from "./job.ts";

export interface Generator {
  /** Throws when something was refused, or when a listener missed a message. */
  run(job: LoadJob): Promise<LoadFigures>;
  close(): void;
}

type Answer = { readonly figures: LoadFigures } | { readonly error: string };

export function startGenerator(): Generator {
  const child = fork(path.join(import.meta.dirname, "process.ts"), {
    execArgv: ["--disable-warning=ExperimentalWarning"],
  });
  return {
    async run(job) {
      const answer = await new Promise<Answer>((resolve, reject) => {
        const onExit = (): void => reject(new Error("the load generator ended"));
        child.once("exit", onExit);
        child.once("message", (message) => {
          child.removeListener("exit", onExit);
          resolve(message as Answer);
        });
        child.send(job);
      });
      if ("error" in answer) throw new Error(answer.error);
      const { expected, delivered } = answer.figures;
      if (delivered !== expected) throw new Error(`${delivered} of ${expected} deliveries were made`);
      return answer.figures;
    },
    close: () => void child.kill(),
  };
}
