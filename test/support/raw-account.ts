/**
 * An account spoken for over plain HTTP, without the client: for load and for requests that no client would send.
 * Keys and certificates are real; password and vault are random bytes, which the server cannot tell apart.
 */
import {
  certifyDevice,
  createAccountKey,
  createDeviceKeys,
  type OwnDevice,
} from "#core/crypto/device-identity.ts";
import { createGenesisList, createNextList, createResetList } from "#core/crypto/device-list.ts";
import { nobleProvider as provider } from "#core/crypto/noble-provider.ts";
import { generatePrekeys } from "#core/crypto/prekeys.ts";
import type { KeyPair } from "#core/crypto/provider.ts";
import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";
import { type DeviceList, parseDeviceList } from "#schema/envelope/device-list.ts";
import { parsePrekeyUpload } from "#schema/envelope/prekey-upload.ts";
import { encodeOneTimePrekey, encodePqPrekey, encodeSignedPrekey } from "#schema/envelope/prekeys.ts";
import type { Answer } from "#schema/http/answer.ts";
import type { DeviceEnrolment, PrekeyUpload } from "#schema/http/devices.ts";
import type { Session } from "#schema/http/auth.ts";

const tokenMarginMs = 60_000;

export interface RawAccount {
  readonly username: string;
  readonly account: string;
  readonly aik: KeyPair;
  readonly authKey: string;
  readonly recoveryKey: string;
  list: DeviceList;
  readonly devices: RawDevice[];
}

export interface RawDevice {
  readonly own: OwnDevice;
  session: Session;
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Answer<Record<string, never>>;
}

/** A request as it stands; no Origin unless given. */
export async function rawRequest(
  origin: string,
  method: string,
  path: string,
  options: { token?: string; json?: unknown; body?: BodyInit; headers?: Record<string, string> } = {},
): Promise<RawAnswer> {
  const headers = new Headers(options.headers);
  if (options.token !== undefined) headers.set("authorization", `Bearer ${options.token}`);
  const body = options.json === undefined ? options.body : JSON.stringify(options.json);
  if (body !== undefined && !headers.has("content-type")) headers.set("content-type", "application/json");
  const answer = await fetch(`${origin}${path}`, {
    method,
    headers,
    ...(body === undefined ? {} : { body }),
  });
  return { status: answer.status, headers: answer.headers, body: (await answer.json()) as RawAnswer["body"] };
}

async function post<Data>(origin: string, path: string, json: unknown, token?: string): Promise<Data> {
  const { body } = await rawRequest(origin, "POST", path, {
    json,
    ...(token === undefined ? {} : { token }),
  });
  if (!body.success) throw new Error(`${path}: ${body.error.code}`);
  return body.data as Data;
}

/** Prekeys in the form of a request: a signed one, a last-resort one and `oneTime` of each kind. */
export function prekeysFor(own: OwnDevice, oneTime = 2, nowMs = Date.now(), firstKeyId = 1): PrekeyUpload {
  const request = { nowMs, firstKeyId, rotate: true, oneTimeCount: oneTime, oneTimePqCount: oneTime };
  const batch = generatePrekeys(provider, own, request);
  const upload = parsePrekeyUpload(batch.upload);
  if (upload.signed === undefined || upload.lastResort === undefined) throw new Error("no signed prekeys");
  return {
    signed: {
      signedPrekey: encodeBase64url(encodeSignedPrekey(upload.signed)),
      lastResort: encodeBase64url(encodePqPrekey(upload.lastResort)),
    },
    oneTime: upload.oneTime.map((prekey) => encodeBase64url(encodeOneTimePrekey(prekey))),
    oneTimePq: upload.oneTimePq.map((prekey) => encodeBase64url(encodePqPrekey(prekey))),
    signature: encodeBase64url(batch.uploadSig),
  };
}

function newDevice(aik: KeyPair, account: string, deviceId: number): OwnDevice {
  const keys = createDeviceKeys(provider);
  const accountId = decodeBase64url(account);
  return { keys, cert: certifyDevice(provider, aik, keys, { accountId, deviceId, createdAtMs: Date.now() }) };
}

function enrolment(own: OwnDevice, list: DeviceList): DeviceEnrolment {
  return {
    deviceId: own.cert.deviceId,
    deviceList: encodeBase64url(list.bytes),
    certificate: encodeBase64url(own.cert.bytes),
    prekeys: prekeysFor(own),
  };
}

/** A device under an account key of its own that takes the place of all others: what a reset brings (CRYPTO 2.1 kind 4). */
export function prepareReset({ account, list }: RawAccount): DeviceEnrolment {
  const aik = createAccountKey(provider);
  const own = newDevice(aik, account, list.devices.at(-1)!.deviceId + 1);
  const revoke = list.devices.filter(({ status }) => status === "active").map((entry) => entry.deviceId);
  const change = { issuedAtMs: Date.now(), add: [own.cert], revoke };
  return enrolment(own, createResetList(provider, aik, list, change));
}

const random = (bytes: number): string => encodeBase64url(provider.random(bytes));

/** Everything of a registration, ready to be sent or to be spoilt first. */
export async function prepareRegistration(
  origin: string,
  username: string,
): Promise<{ request: Record<string, unknown>; account: Omit<RawAccount, "devices">; own: OwnDevice }> {
  const begun = await post<{ account: string; ticket: string }>(origin, "/api/auth/register/begin", {
    username,
  });
  const aik = createAccountKey(provider);
  const own = newDevice(aik, begun.account, 1);
  const accountId = decodeBase64url(begun.account);
  const list = createGenesisList(provider, aik, { accountId, issuedAtMs: Date.now(), certs: [own.cert] });
  const [authKey, recoveryKey] = [random(32), random(32)];
  const request = {
    ticket: begun.ticket,
    salt: random(16),
    argon2: { memoryKiB: 65_536, passes: 3, lanes: 1 },
    authKey,
    vault: { version: 1, data: random(200), wraps: [{ kind: "recovery", data: random(72) }] },
    recoveryKey,
    device: enrolment(own, list),
    deviceName: "raw device",
    refreshTransport: "body",
  };
  return { request, account: { username, account: begun.account, aik, authKey, recoveryKey, list }, own };
}

export async function registerRaw(origin: string, username: string): Promise<RawAccount> {
  const { request, account, own } = await prepareRegistration(origin, username);
  const session = await post<Session>(origin, "/api/auth/register", request);
  return { ...account, devices: [{ own, session }] };
}

/** Signs in on a further device, and revokes others with the same list. `by` is how; with the password unless given. */
export async function addRawDevice(
  origin: string,
  account: RawAccount,
  revoke: readonly number[] = [],
  by?: { readonly path: string; readonly json: unknown },
): Promise<RawDevice> {
  const { username, authKey } = account;
  const { path, json } = by ?? { path: "/api/auth/login", json: { username, authKey } };
  const login = await post<{ ticket: string; devices: { lists: string[] } }>(origin, path, json);
  const newest = login.devices.lists.at(-1);
  const previous = newest === undefined ? account.list : parseDeviceList(decodeBase64url(newest));
  const deviceId = Math.max(...previous.devices.map((entry) => entry.deviceId)) + 1;
  const own = newDevice(account.aik, account.account, deviceId);
  account.list = createNextList(provider, account.aik, previous, {
    issuedAtMs: Date.now(),
    add: [own.cert],
    revoke,
  });
  const session = await post<Session>(origin, "/api/auth/device", {
    ticket: login.ticket,
    device: enrolment(own, account.list),
    deviceName: "another raw device",
    refreshTransport: "body",
  });
  const device = { own, session };
  account.devices.push(device);
  return device;
}

/** An access token that is good for a while. */
export async function rawToken(origin: string, device: RawDevice): Promise<string> {
  const { session } = device;
  if (session.accessExpiresAtMs - Date.now() > tokenMarginMs) return session.accessToken;
  const { refreshToken } = session;
  device.session = await post<Session>(origin, "/api/auth/refresh", { refreshToken });
  return device.session.accessToken;
}

export async function createRawConversation(
  origin: string,
  from: RawDevice,
  to: RawAccount,
): Promise<string> {
  const summary = await post<{ conversationId: string }>(
    origin,
    "/api/conversations",
    { kind: "direct", account: to.account },
    from.session.accessToken,
  );
  return summary.conversationId;
}
