/** A device joins its account: the Worker checks every signature, the inbox the chain. */
import type { DeviceEnrolment } from "#schema/http/devices.ts";
import type { EnrolInput } from "#schema/rpc/inbox.ts";
import type { Env } from "./env.ts";
import { callInbox } from "./stubs.ts";
import { verifyEnrolment } from "./verify-enrolment.ts";

/** Throws `bad_signature`, `device_list_conflict` and what a binary field that is not understood throws. */
export async function enrol(
  env: Env,
  target: Pick<EnrolInput, "account" | "username" | "genesis" | "claimHash">,
  { device, deviceName }: { readonly device: DeviceEnrolment; readonly deviceName: string },
): Promise<void> {
  const { account } = target;
  await verifyEnrolment(account, device);
  const { deviceId, deviceList, certificate, prekeys } = device;
  const input = {
    ...target,
    device: deviceId,
    deviceName,
    deviceList,
    certificate,
    prekeys,
  };
  await callInbox(env, account, (inbox) => inbox.enrol(input));
}
