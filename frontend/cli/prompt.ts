/** Asking on the terminal. */
import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";

/** One line from the terminal; `hidden` shows nothing of what is typed. */
export async function ask(question: string, hidden = false): Promise<string> {
  process.stderr.write(question);
  const output = hidden ? new Writable({ write: (_chunk, _encoding, done) => done() }) : process.stderr;
  const terminal = createInterface({ input: process.stdin, output, terminal: process.stdin.isTTY });
  try {
    return (await terminal.question("")).trim();
  } finally {
    terminal.close();
    if (hidden) process.stderr.write("\n");
  }
}

/** From the environment variable, or asked for. */
export async function secret(variable: string, question: string): Promise<string> {
  return process.env[variable] ?? ask(question, true);
}
