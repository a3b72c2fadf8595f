/** Settings that make wrangler work offline and quietly. Ports can be moved by environment variables. */
process.env["WRANGLER_SEND_METRICS"] ??= "false";
process.env["CLOUDFLARE_CF_FETCH_ENABLED"] ??= "false";
process.env["WRANGLER_LOG_SANITIZE"] ??= "true";
process.env["NO_UPDATE_NOTIFIER"] ??= "1";

export const workerPort = process.env["WORKER_PORT"] ?? "8787";
export const inspectorPort = process.env["INSPECTOR_PORT"] ?? "9229";

/** Arguments of `wrangler dev` that development and production-like start share. */
export function wranglerDevArguments(persistTo: string | undefined = process.env["SOTTO_STATE"]): string[] {
  const settings = ["REPORT_PUBLIC_KEY", "RESET_DELAY"].flatMap((name) => {
    const value = process.env[name] ?? "";
    return value === "" ? [] : ["--var", `${name}:${value}`];
  });
  const state = persistTo === undefined ? [] : ["--persist-to", persistTo];
  return [
    "dev",
    "--port",
    workerPort,
    "--inspector-port",
    inspectorPort,
    "--show-interactive-dev-session=false",
    "--log-level",
    process.env["WRANGLER_LOG"] ?? "error",
    ...state,
    ...settings,
  ];
}
