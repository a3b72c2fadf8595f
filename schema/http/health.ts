/** Whether the Worker answers; touches no storage. */
import * as v from "valibot";
import { route } from "./route.ts";

export const health = route({
  method: "GET",
  path: "/api/health",
  access: "anyone",
  request: undefined,
  answer: v.looseObject({ status: v.literal("ok") }),
  errors: [],
});
