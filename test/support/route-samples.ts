/** A request that each route accepts (or refuses only for what it says), to be spoilt in every way. */
import { blobBytesOf } from "#schema/envelope/attachment-size.ts";
import * as attachments from "#schema/http/attachments.ts";
import * as auth from "#schema/http/auth.ts";
import * as backup from "#schema/http/backup.ts";
import * as conversations from "#schema/http/conversations.ts";
import * as delivery from "#schema/http/delivery.ts";
import * as devices from "#schema/http/devices.ts";
import * as groups from "#schema/http/groups.ts";
import * as health from "#schema/http/health.ts";
import * as invites from "#schema/http/invites.ts";
import * as links from "#schema/http/links.ts";
import * as privacy from "#schema/http/privacy.ts";
import * as reports from "#schema/http/reports.ts";
import * as resets from "#schema/http/reset.ts";
import type { RouteContract } from "#schema/http/route.ts";
import * as users from "#schema/http/users.ts";
import * as vault from "#schema/http/vault.ts";
import { prekeysFor, prepareRegistration, type RawAccount, type RawDevice } from "./raw-account.ts";

export interface RouteSample {
  readonly name: string;
  readonly contract: RouteContract;
  /** The contract's path with its parameters filled in. */
  readonly path: string;
  readonly json: Record<string, unknown> | undefined;
}

function isContract(value: unknown): value is RouteContract {
  return typeof value === "object" && value !== null && "path" in value && "method" in value;
}

/** Every route contract that the schema exports, by name. */
export function allContracts(): ReadonlyMap<string, RouteContract> {
  const exported: [string, unknown][] = Object.entries({
    ...attachments,
    ...auth,
    ...backup,
    ...conversations,
    ...delivery,
    ...devices,
    ...groups,
    ...health,
    ...invites,
    ...links,
    ...privacy,
    ...reports,
    ...resets,
    ...users,
    ...vault,
  });
  return new Map(exported.filter((entry): entry is [string, RouteContract] => isContract(entry[1])));
}

const b64 = (bytes: number): string => Buffer.alloc(bytes, 7).toString("base64url");

export async function routeSamples(
  origin: string,
  caller: RawDevice,
  peer: RawAccount,
  conversationId: string,
): Promise<RouteSample[]> {
  const prepared = await prepareRegistration(origin, "never.registered");
  const device = prepared.request["device"];
  const ticket = prepared.request["ticket"];
  const bodies: Record<string, Record<string, unknown>> = {
    loginParameters: { username: peer.username },
    registerBegin: { username: "somebody.new" },
    register: prepared.request,
    login: { username: peer.username, authKey: b64(32) },
    recover: { username: peer.username, recoveryKey: b64(32) },
    enrolDevice: { ticket, device, deviceName: "x", refreshTransport: "body" },
    previewReset: { username: peer.username, authKey: b64(32) },
    requestReset: { username: peer.username, authKey: b64(32), claim: b64(32) },
    cancelReset: { username: peer.username, authKey: b64(32), claim: b64(32) },
    finishReset: {
      username: peer.username,
      authKey: b64(32),
      claim: b64(32),
      vault: { version: 2, data: b64(200), wraps: [{ kind: "recovery", data: b64(72) }] },
      recoveryKey: b64(32),
      device,
      deviceName: "x",
      refreshTransport: "body",
    },
    refresh: { refreshToken: `${b64(16)}.${b64(16)}.${b64(32)}` },
    renewChallenge: { account: peer.account, deviceId: 1 },
    renew: { ticket, signature: b64(64), refreshTransport: "body" },
    changePassword: {
      proof: { authKey: b64(32) },
      next: { authKey: b64(32), argon2: { memoryKiB: 65_536, passes: 3, lanes: 1 } },
      signOutOthers: false,
    },
    logout: { scope: "device" },
    signOut: { statement: b64(93) },
    claimBundles: { devices: [1] },
    renameDevice: { deviceName: "x" },
    publishDeviceList: { deviceList: b64(200) },
    writeFromNewDevice: { data: b64(100) },
    writeFromOldDevice: { data: b64(100) },
    uploadPrekeys: { ...prekeysFor(caller.own) },
    putBackupSegment: { data: b64(300) },
    putBackupManifest: { expected: 0, version: 1, data: b64(500), segments: [b64(16)], signature: b64(64) },
    putVaultWraps: { version: 1, wraps: [{ kind: "recovery", data: b64(72) }], signature: b64(64) },
    putRecoveryKey: { version: 1, recoveryKey: b64(32), signature: b64(64) },
    setPrivacy: { presence: "contacts" },
    createGroup: { operation: b64(300) },
    postOperation: { operation: b64(300) },
    frankingTags: { sequences: [1] },
    sendReport: { conversation: conversationId, sealed: b64(500) },
    previewInvite: { publicKey: b64(32) },
    listInvitedOperations: { publicKey: b64(32), proof: b64(64), after: 1 },
    requestJoin: { publicKey: b64(32), proof: b64(64) },
    joinRequestState: { publicKey: b64(32) },
    reportUndecryptable: { count: 1 },
    beginUpload: { attachment: b64(16), blobBytes: blobBytesOf(5_000) },
    createConversation: { kind: "direct", account: peer.account },
  };
  return [...allContracts()].map(([name, contract]) => ({
    name,
    contract,
    path: contract.path
      .replace(":account", peer.account)
      .replace(":username", peer.username)
      .replace(":device", "1")
      .replace(":segment", b64(16))
      .replace(":conversation", conversationId)
      .replace(":rendezvous", b64(16))
      .replace(":slot", name.includes("New") ? "request" : "offer")
      .replace(":device", "1")
      .replace(":seq", "1")
      .replace(":attachment", b64(16))
      .replace(":part", "1"),
    json: bodies[name],
  }));
}
