/** Where an address leads for a person in a given state; undefined when they may stay. */
import type { AccountStatus } from "#core/client-api.ts";
import type { Route } from "./router.ts";

const forStrangers: ReadonlySet<Route["name"]> = new Set(["welcome", "signup", "login", "link"]);

/** `hasInvite`: the address has an invite link in it, which led to signing in. */
export function redirectFor(
  route: Route,
  account: AccountStatus["state"],
  hasInvite: boolean,
): Route | undefined {
  switch (account) {
    case "signed_out":
      return forStrangers.has(route.name) || route.name === "join" ? undefined : { name: "welcome" };
    case "signed_in":
      if (!forStrangers.has(route.name)) return undefined;
      return { name: hasInvite ? "join" : "home" };
    case "locked": // the address stays, so that unlocking returns there
    case "ended":
      return undefined;
  }
}
