/** `sotto reset`: the way back into an account whose keys are lost. */
import type { Client } from "#core/client.ts";
import type { ResetView } from "#core/client-api.ts";
import { type Arguments, UsageError } from "./arguments.ts";
import { ask, secret } from "./prompt.ts";

const day = (timeMs: number): string => new Date(timeMs).toISOString();

export async function reset(client: Client, { rest, deviceName }: Arguments): Promise<number> {
  const [step = "status", name] = rest;
  if (step === "stop") {
    await client.stopReset();
    process.stderr.write("Stopped. Nobody can ask again for a week.\n");
    return 0;
  }
  if (!["status", "ask", "withdraw", "finish"].includes(step)) {
    throw new UsageError("reset status | ask | withdraw | finish [username], or reset stop");
  }
  const username = name ?? (await ask("Username: "));
  const password = await secret("SOTTO_PASSWORD", "Password: ");
  await client.login({ username, password });
  if (step === "finish") {
    const { recoveryCode } = await client.finishReset({ deviceName });
    process.stderr.write("The account begins anew here. Your new recovery code, shown once:\n");
    process.stdout.write(`${recoveryCode}\n`);
    return 0;
  }
  if (step === "ask") tell(await client.requestReset());
  else if (step === "withdraw") tell(await client.cancelReset());
  else tell(await client.resetStanding());
  return 0;
}

function tell(view: ResetView): void {
  const { conversations, messages, devices, waitMs, state } = view;
  const lines = [
    `A reset leaves up to ${messages} messages in ${conversations} conversations unreadable for good,`,
    `signs out ${devices} devices, and warns everybody this account writes to.`,
    sayState(state, waitMs),
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
}

function sayState(state: ResetView["state"], waitMs: number): string {
  switch (state.type) {
    case "none":
      return `Nothing is asked for from this folder. A request waits ${Math.ceil(waitMs / 3_600_000)} hours.`;
    case "waiting":
      return `Asked for. It can be carried out from this folder from ${day(state.effectiveAtMs)} on.`;
    case "ready":
      return `It can be carried out from this folder until ${day(state.expiresAtMs)}.`;
    case "locked":
      return `No reset can be asked for before ${day(state.untilMs)}.`;
  }
}

/** Told on every device, whatever it does. Throws where another copy of the folder has taken over: this one has nothing to do any more. */
export async function warn(client: Client): Promise<void> {
  const { reset: pending, password, copiedAtMs, isReplaced } = await client.alarms();
  if (pending !== undefined) {
    const when = day(pending.effectiveAtMs);
    process.stderr.write(
      `Somebody with your password resets this account on ${when}. "sotto reset stop" ends it.\n`,
    );
  }
  if (password !== undefined) {
    process.stderr.write(
      `The password was changed on ${day(password.changedAtMs)}, from device ${password.device}.\n`,
    );
    await client.acknowledgePassword();
  }
  if (copiedAtMs !== undefined) {
    process.stderr.write(`A copy of this folder was in use elsewhere on ${day(copiedAtMs)}.\n`);
  }
  if (isReplaced === true)
    throw new Error("a copy of this folder has taken over; run it again to go on here");
}
