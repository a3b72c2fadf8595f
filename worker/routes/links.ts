/** Linking a device: the rendezvous of the two, and what the one with an account needs for it. */
import { SottoError } from "#schema/errors.ts";
import * as links from "#schema/http/links.ts";
import { rendezvousIdSchema } from "#schema/ids.ts";
import type { Handler } from "../contract.ts";
import { Directory } from "../directory.ts";
import { limitLinks } from "../session.ts";
import { callInbox, callRendezvous } from "../stubs.ts";
import { signTicket } from "../tokens.ts";

export const handleWriteFromNew: Handler<typeof links.writeFromNewDevice> = async (call) => {
  const { env, request, param, body } = call;
  const id = param("rendezvous", rendezvousIdSchema);
  const slot = param("slot", links.newDeviceSlotSchema);
  await limitLinks(env, request);
  return callRendezvous(env, id, (object) => object.write({ slot, data: body.data }));
};

export const handleReadFromNew: Handler<typeof links.readFromNewDevice> = async (call) => {
  const { env, param, query, identity } = call;
  const id = param("rendezvous", rendezvousIdSchema);
  const slot = param("slot", links.newDeviceSlotSchema);
  const input = { slot, account: identity.account, wait: query.wait !== undefined };
  return callRendezvous(env, id, (object) => object.read(input));
};

export const handleWriteFromOld: Handler<typeof links.writeFromOldDevice> = async (call) => {
  const { env, param, body, identity } = call;
  const id = param("rendezvous", rendezvousIdSchema);
  const input = {
    slot: param("slot", links.oldDeviceSlotSchema),
    data: body.data,
    account: identity.account,
  };
  return callRendezvous(env, id, (object) => object.write(input));
};

export const handleReadFromOld: Handler<typeof links.readFromOldDevice> = async ({ env, param, query }) => {
  const id = param("rendezvous", rendezvousIdSchema);
  const input = { slot: param("slot", links.oldDeviceSlotSchema), wait: query.wait !== undefined };
  return callRendezvous(env, id, (object) => object.read(input));
};

export const handleEndLink: Handler<typeof links.endLink> = async ({ env, param }) => {
  await callRendezvous(env, param("rendezvous", rendezvousIdSchema), (object) => object.end());
  return {};
};

export const handlePrepareLink: Handler<typeof links.prepareLink> = async ({ env, identity }) => {
  const { account, username } = identity;
  const found = await new Directory(env.DB).accountById(account);
  if (found === undefined) throw new SottoError("not_found", "This account does not exist.");
  const devices = await callInbox(env, account, (inbox) => inbox.directory({ after: 0 }));
  const ticket = await signTicket(env, "login", { account, username });
  const { clientSalt: salt, vault, serverSalt: passwordId, recovery } = found;
  return { account, ticket, salt, vault, devices, passwordId, hasRecoveryKey: recovery !== undefined };
};
