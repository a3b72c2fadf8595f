/** The command line's arguments. */
import { parseArgs } from "node:util";
import { homedir } from "node:os";
import path from "node:path";
import type { HistoryChoice } from "#core/client-api.ts";

export const usage = `sotto <command> [options]

  register [username]           create an account here
  login [username]              add this folder as a device (needs the recovery code)
  send <username> [text]        send one message; with --lines one per line of standard input
  listen                        print messages as they arrive
  history <username or group>   print what is stored of a conversation
  group create <name> <username> …       make a group
  group list | members <group>           groups, and who is in one
  group add | remove <group> <username>  as far as the role permits; add and approve take --history
  group promote <group> <username> [role]
  group rename <group> <name> | leave <group>
  group picture <group> <file>|--remove  a square JPEG of at most 256 pixels and 64 KiB
  group send <group> [text]              a group is called by its name or its id
  group link <group> [open|ask|reset|off]  its invite link; "ask": an admin approves who comes in
  group requests <group>                 who asks to be let in
  group approve | refuse <group> <username>
  group join <link>                      come in by a link, or ask to
  reset ask | status | withdraw | finish [username]   begin anew when device and recovery code are lost
  reset stop                    somebody else asked for it
  password                      change it; --scope everywhere signs out all other devices
  password --forgotten          the same with the recovery code in place of the current one
  recover [username]            add this folder as a device with the recovery code, and set a new password
  logout                        sign this device out and wipe its folder

  --server URL                  default http://localhost:8787, remembered per home
  --home DIR                    default ~/.sotto
  --device-name NAME            default "Command line"
  --lines                       send: one message per line of standard input
  --count N                     listen: stop after N messages
  --from NAME                   listen: only messages from this account
  --history none|100|all        what who comes into a group may read of before (default none)
  --json                        listen, history: one JSON object per line
  --scope device|everywhere     logout, password: only here (default), or every session of the account

  SOTTO_PASSWORD, SOTTO_NEW_PASSWORD, SOTTO_RECOVERY_CODE   instead of being asked
  SOTTO_PASSPHRASE                      seals the key file of a new home and opens it again`;

export interface Arguments {
  readonly command: string;
  readonly rest: readonly string[];
  readonly server: string | undefined;
  readonly home: string;
  readonly deviceName: string;
  readonly lines: boolean;
  readonly count: number;
  readonly from: string | undefined;
  readonly json: boolean;
  readonly remove: boolean;
  readonly forgotten: boolean;
  readonly scope: "device" | "everywhere";
  readonly history: HistoryChoice;
}

const historyChoices: ReadonlyMap<string, HistoryChoice> = new Map([
  ["none", "none"],
  ["100", "recent"],
  ["all", "all"],
]);

/** Wrong arguments; the message says which. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** Throws `UsageError`. */
export function parseArguments(argv: readonly string[]): Arguments {
  const { values, positionals } = parse(argv);
  const [command = "help", ...rest] = positionals;
  const count = values.count === undefined ? Infinity : Number(values.count);
  if (!(count > 0)) throw new UsageError("--count must be a positive number");
  const { scope = "device" } = values;
  if (scope !== "device" && scope !== "everywhere") throw new UsageError("--scope is device or everywhere");
  const history = historyChoices.get(values.history ?? "none");
  if (history === undefined) throw new UsageError("--history is none, 100 or all");
  return {
    command: values.help === true ? "help" : command,
    rest,
    server: values.server?.replace(/\/+$/, ""),
    home: path.resolve(values.home ?? path.join(homedir(), ".sotto")),
    deviceName: values["device-name"] ?? "Command line",
    lines: values.lines ?? false,
    count,
    from: values.from?.toLowerCase(),
    json: values.json ?? false,
    remove: values.remove ?? false,
    forgotten: values.forgotten ?? false,
    scope,
    history,
  };
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        server: { type: "string" },
        home: { type: "string" },
        "device-name": { type: "string" },
        lines: { type: "boolean" },
        count: { type: "string" },
        from: { type: "string" },
        json: { type: "boolean" },
        remove: { type: "boolean" },
        forgotten: { type: "boolean" },
        scope: { type: "string" },
        history: { type: "string" },
        help: { type: "boolean", short: "h" },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : "wrong arguments");
  }
}
