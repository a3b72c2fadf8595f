/** The command line: the same core in Node. */
import { Client } from "#core/client.ts";
import { ClientError } from "#core/client-api.ts";
import { platformEnvironment } from "#core/platform-environment.ts";
import { type Arguments, parseArguments, usage, UsageError } from "./arguments.ts";
import { group } from "./group.ts";
import { type Home, HomeInUseError, openHome } from "./home.ts";
import { KeyFileError } from "./key-file.ts";
import { history, listen } from "./listen.ts";
import { nodeCrypto } from "./node-provider.ts";
import { askCode, password, recover } from "./password.ts";
import { ask, secret } from "./prompt.ts";
import { putBytes } from "./put-bytes.ts";
import { reset } from "./reset.ts";
import { send } from "./send.ts";

const defaultServer = "http://localhost:8787";

const commands: Record<string, (client: Client, input: Arguments) => Promise<number>> = {
  register,
  login,
  send,
  listen,
  history,
  group,
  reset,
  password,
  recover,
  logout,
};

async function register(client: Client, { rest, deviceName }: Arguments): Promise<number> {
  const username = rest[0] ?? (await ask("Username: "));
  const password = await secret("SOTTO_PASSWORD", "Password: ");
  const { recoveryCode } = await client.register({ username, password, deviceName });
  process.stderr.write("Your recovery code. It is shown once and adds further devices:\n");
  process.stdout.write(`${recoveryCode}\n`);
  return 0;
}

async function login(client: Client, { rest, deviceName }: Arguments): Promise<number> {
  const username = rest[0] ?? (await ask("Username: "));
  const password = await secret("SOTTO_PASSWORD", "Password: ");
  await client.login({ username, password });
  const recoveryCode = await askCode();
  await client.completeLogin({ recoveryCode, deviceName });
  process.stderr.write("Signed in.\n");
  return 0;
}

async function logout(client: Client, { scope }: Arguments): Promise<number> {
  const { state } = await client.accountStatus();
  if (state === "ended") await client.forget();
  else await client.logout(scope);
  process.stderr.write("Signed out.\n");
  return 0;
}

async function main(): Promise<number> {
  const input = parseArguments(process.argv.slice(2));
  const command = commands[input.command];
  if (command === undefined) {
    process.stderr.write(`${usage}\n`);
    return input.command === "help" ? 0 : 2;
  }
  const home = openHome(input.home, process.env["SOTTO_PASSPHRASE"]);
  try {
    return await withClient(home, input, command);
  } finally {
    home.release();
  }
}

async function withClient(
  home: Home,
  input: Arguments,
  command: (client: Client, input: Arguments) => Promise<number>,
): Promise<number> {
  const origin = input.server ?? home.server() ?? defaultServer;
  const environment = platformEnvironment({ ...nodeCrypto(), origin, refreshTransport: "body", putBytes });
  const client = await Client.open(environment, home.storage);
  try {
    const code = await command(client, { ...input, server: origin });
    home.setServer(origin);
    return code;
  } finally {
    await client.close();
  }
}

function explain(error: unknown): string {
  if (error instanceof UsageError) return `${error.message}\n\n${usage}`;
  if (error instanceof ClientError) return `sotto: ${error.code}`;
  const isOurs = error instanceof HomeInUseError || error instanceof KeyFileError || error instanceof Error;
  return isOurs ? `sotto: ${error.message}` : "sotto: failed";
}

/** A pipe may still hold output that an exit would lose. */
function exit(code: number): void {
  process.stdout.write("", () => process.exit(code));
}

main().then(
  (code) => exit(code),
  (error: unknown) => {
    process.stderr.write(`${explain(error)}\n`);
    if (process.env["SOTTO_DEBUG"] !== undefined) console.error(error);
    exit(1);
  },
);
