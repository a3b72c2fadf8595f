/** Look-up of people by exact username. */
import * as v from "valibot";
import { accountIdSchema } from "../ids.ts";
import { route } from "./route.ts";

export const getUser = route({
  method: "GET",
  path: "/api/users/:username",
  access: "session",
  request: undefined,
  answer: v.looseObject({ account: accountIdSchema, username: v.string() }),
  errors: ["not_found"],
});
