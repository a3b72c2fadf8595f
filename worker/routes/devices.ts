/** People and their devices: look-up, device lists, prekeys. */
import { decodeBase64url } from "#schema/envelope/base64url.ts";
import { parseDeviceCert } from "#schema/envelope/device-cert.ts";
import { SottoError } from "#schema/errors.ts";
import type * as devices from "#schema/http/devices.ts";
import type { getUser } from "#schema/http/users.ts";
import { accountIdSchema, deviceIdSchema } from "#schema/ids.ts";
import { usernameSchema } from "#schema/username.ts";
import * as v from "valibot";
import type { Handler } from "../contract.ts";
import { Directory } from "../directory.ts";
import { callInbox } from "../stubs.ts";
import { verifyListSignature, verifyPrekeys } from "../verify-enrolment.ts";

export const handleGetUser: Handler<typeof getUser> = async ({ env, param }) => {
  const username = v.safeParse(usernameSchema, param("username", v.string()));
  // What cannot be a username is nobody's.
  const found = username.success ? await new Directory(env.DB).accountByName(username.output) : undefined;
  if (found === undefined) throw new SottoError("not_found", "Nobody has this username.");
  return { account: found.account, username: found.username };
};

export const handleGetDevices: Handler<typeof devices.getDevices> = async ({ env, param, query }) => {
  const account = param("account", accountIdSchema);
  const { after = 0 } = query;
  return callInbox(env, account, (inbox) => inbox.directory({ after }));
};

export const handleClaimBundles: Handler<typeof devices.claimBundles> = async ({
  env,
  param,
  identity,
  body,
}) => {
  const account = param("account", accountIdSchema);
  const input = { requester: identity.account, devices: body.devices };
  const bundles = await callInbox(env, account, (inbox) => inbox.claimBundles(input));
  return { bundles: [...bundles] };
};

export const handleUploadPrekeys: Handler<typeof devices.uploadPrekeys> = async ({ env, identity, body }) => {
  const { account, device } = identity;
  const certificate = await callInbox(env, account, (inbox) => inbox.certificate({ device }));
  await verifyPrekeys(parseDeviceCert(decodeBase64url(certificate)), body);
  const stock = await callInbox(env, account, (inbox) => inbox.addPrekeys({ device, prekeys: body }));
  return { ...stock };
};

export const handleListOwnDevices: Handler<typeof devices.listOwnDevices> = async ({ env, identity }) => {
  const own = await callInbox(env, identity.account, (inbox) => inbox.ownDevices());
  return { devices: own.map((device) => ({ ...device })) };
};

export const handleRenameDevice: Handler<typeof devices.renameDevice> = async (call) => {
  const { env, identity, body, param } = call;
  const device = param("device", v.pipe(v.string(), v.digits(), v.transform(Number), deviceIdSchema));
  await callInbox(env, identity.account, (inbox) => inbox.renameDevice({ device, ...body }));
  return {};
};

export const handlePublishDeviceList: Handler<typeof devices.publishDeviceList> = async (call) => {
  const { env, identity, body } = call;
  await verifyListSignature(identity.account, body.deviceList);
  await callInbox(env, identity.account, (inbox) => inbox.publishList(body));
  return {};
};
