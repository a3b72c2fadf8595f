/** What an account lets others see. */
import * as v from "valibot";
import { presenceAudiences } from "../protocol/presence.ts";
import { route } from "./route.ts";

const presence = v.picklist(presenceAudiences);

export const getPrivacy = route({
  method: "GET",
  path: "/api/privacy",
  access: "session",
  request: undefined,
  answer: v.looseObject({ presence }),
  errors: [],
});

export const setPrivacy = route({
  method: "PUT",
  path: "/api/privacy",
  access: "session",
  request: v.strictObject({ presence }),
  answer: v.looseObject({ presence }),
  errors: [],
});
