/** Where an address leads for a person in a given state; undefined when they may stay. */
import type { AccountStatus } from "#core/client-api.ts";
import type { Route } from "./router.ts";

const forStrangers: ReadonlySet<Route["name"]> = new Set(["welcome", "signup", "login", "link"]);

export function redirectFor(route: Route, account: AccountStatus["state"]): Route | undefined {
  switch (account) {
    case "signed_out":
      return forStrangers.has(route.name) ? undefined : { name: "welcome" };
    case "signed_in":
      return forStrangers.has(route.name) ? { name: "home" } : undefined;
    case "locked": // the address stays, so that unlocking returns there
    case "ended":
      return undefined;
  }
}
