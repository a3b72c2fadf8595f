/** The side of a link that has no account yet (CRYPTO 2.9). */
import { encodeBase64url } from "#schema/envelope/base64url.ts";
import { concat, sameBytes } from "#schema/envelope/bytes.ts";
import { devicePopMessage } from "#schema/envelope/device-cert.ts";
import { parseDeviceList } from "#schema/envelope/device-list.ts";
import { enrolDevice, type Session } from "#schema/http/auth.ts";
import { endLink, readFromOldDevice, writeFromNewDevice } from "#schema/http/links.ts";
import { accountIdSchema } from "#schema/ids.ts";
import * as v from "valibot";
import { callRoute } from "../api/http.ts";
import { createDeviceKeys, type OwnDevice, verifyDeviceCert } from "../crypto/device-identity.ts";
import { assertOr } from "../crypto/errors.ts";
import { createLinkCode, formatLinkCode, type LinkCode } from "../crypto/link/link-code.ts";
import { linkEmoji } from "../crypto/link/link-emoji.ts";
import { decodeLinkExport } from "../crypto/link/link-export.ts";
import { sealLinkProof, sealLinkRequest } from "../crypto/link/link-request.ts";
import {
  createLinkSecret,
  formatLinkSecret,
  joinRequest,
  linkCodeOf,
  parseLinkSecret,
} from "../crypto/link/link-secret.ts";
import { type LinkOffer, openLinkGrant, openLinkOffer } from "../crypto/link/link-transfer.ts";
import type { KeyPair, Provider } from "../crypto/provider.ts";
import type { Environment } from "../environment.ts";
import type { Records } from "../store/records.ts";
import type { AccountRecord } from "../store/tables.ts";
import { verifyDirectory } from "../sync/directory.ts";
import {
  createFirstPrekeys,
  type NewDevice,
  storeEnrolled,
  storeNewDevice,
  toEnrolment,
} from "./enrolment.ts";
import type { LinkStatus, LinkWay } from "./link-status.ts";
import { type RendezvousCalls, RendezvousSide } from "./rendezvous.ts";

/** A link that this device is about to begin. */
export interface NewDeviceLink {
  readonly code: LinkCode;
  readonly ephemeral: KeyPair;
  /** The code did not tell the other side our key. */
  readonly tellsKey: boolean;
  /** What this screen shows, if it does. */
  readonly shown: string | undefined;
}

/** Throws `CryptoError` for a code that is none. */
export function prepareNewDeviceLink(provider: Provider, way: LinkWay): NewDeviceLink {
  if ("show" in way && way.show === "scan") {
    const { code, ephemeral } = createLinkCode(provider);
    return { code, ephemeral, tellsKey: false, shown: formatLinkCode(code) };
  }
  const secret = "show" in way ? createLinkSecret(provider, way.show) : parseLinkSecret(provider, way.code);
  const keySecret = provider.random(32);
  const ephemeral = { secret: keySecret, pub: provider.x25519PublicKey(keySecret) };
  return {
    code: linkCodeOf(provider, secret, ephemeral.pub),
    ephemeral,
    tellsKey: true,
    shown: "show" in way ? formatLinkSecret(provider, secret) : undefined,
  };
}

export function newDeviceSide(environment: Environment, { code }: NewDeviceLink): RendezvousSide {
  const calls: RendezvousCalls = {
    write: (rendezvous, slot, data) =>
      callRoute(environment, writeFromNewDevice, { params: { rendezvous, slot }, body: { data } }),
    read: (rendezvous, slot) =>
      callRoute(environment, readFromOldDevice, { params: { rendezvous, slot }, query: { wait: 1 } }),
    end: (rendezvous) => callRoute(environment, endLink, { params: { rendezvous } }),
  };
  return new RendezvousSide(environment, calls, code.rendezvous);
}

/** Joins the account of whoever answers. Throws `LinkStopped`, `CryptoError`, `SottoError`, `StoreError`. */
export async function runNewDevice(
  environment: Environment,
  records: Records,
  side: RendezvousSide,
  link: NewDeviceLink,
  input: {
    readonly deviceName: string;
    readonly say: (status: LinkStatus) => void;
    /** Undoes what `work` stored when it fails. */
    readonly orWiped: <Result>(work: () => Promise<Result>) => Promise<Result>;
  },
): Promise<{ readonly record: AccountRecord; readonly session: Session }> {
  const { provider } = environment;
  const { code, ephemeral } = link;
  const keys = createDeviceKeys(provider);
  const sealed = sealLinkRequest(provider, code, {
    dsk: keys.dsk.pub,
    dik: keys.dik.pub,
    name: input.deviceName,
  });
  const request = link.tellsKey ? joinRequest(ephemeral.pub, sealed) : sealed;
  await side.write("request", request);
  side.begin();
  const sealedOffer = await side.read("offer");
  const { offer, context } = openLinkOffer(provider, code, ephemeral, request, sealedOffer);
  const own = acceptOffer(provider, keys, offer);
  input.say({
    state: "compare",
    deviceName: undefined,
    emoji: linkEmoji(context),
    expiresAtMs: side.expiresAtMs,
  });
  await side.write("proof", sealLinkProof(provider, code, own.cert.sigDsk));
  const grant = openLinkGrant(context, await side.read("grant"));
  assertOr(sameBytes(grant.deviceCert, own.cert.bytes), "BAD_CERT", "link grant: another certificate");
  const { device, ticket } = acceptGrant(environment, own, grant.deviceList, grant.vault);
  input.say({ state: "finishing" });
  return input.orWiped(async () => {
    await storeNewDevice(records, device);
    const session = await callRoute(environment, enrolDevice, {
      body: {
        ticket,
        device: toEnrolment(device),
        deviceName: input.deviceName,
        refreshTransport: environment.refreshTransport,
      },
    });
    return { record: await storeEnrolled(records, provider, device, session), session };
  });
}

/** The certificate that was offered, with this device's proof. Throws `CryptoError` when it is for other keys or not signed. */
function acceptOffer(provider: Provider, keys: OwnDevice["keys"], offer: LinkOffer): OwnDevice {
  const { certTbs, sigAik, accountId } = offer;
  const sigDsk = provider.sign(keys.dsk.secret, devicePopMessage(certTbs, sigAik));
  const bytes = concat(certTbs, sigAik, sigDsk);
  const aik = certTbs.slice(aikFrom, aikFrom + 32);
  const cert = verifyDeviceCert(provider, bytes, { accountId, aik });
  const isOurs = sameBytes(cert.dsk, keys.dsk.pub) && sameBytes(cert.dik, keys.dik.pub);
  assertOr(isOurs, "BAD_CERT", "link offer: for other keys");
  return { keys, cert };
}

/** Offset of the account key in a certificate: `ver 1 | sigAlg 1 | accountId 16 | deviceId 4`. */
const aikFrom = 22;

function acceptGrant(
  environment: Environment,
  own: OwnDevice,
  listBytes: Uint8Array,
  vault: Uint8Array,
): { readonly device: NewDevice; readonly ticket: string } {
  const { provider } = environment;
  const content = decodeLinkExport(vault);
  const account = v.parse(accountIdSchema, encodeBase64url(own.cert.accountId));
  const certificates = [...content.certificates, own.cert.bytes].map(encodeBase64url);
  // As strict as towards the server: signed by the key of our certificate, every active device certified.
  const directory = verifyDirectory(
    provider,
    account,
    {
      account,
      username: content.username,
      lists: [encodeBase64url(listBytes)],
      certificates: certificates.map((certificate) => ({ deviceId: 0, certificate })),
      signOuts: [],
    },
    undefined,
  );
  const list = parseDeviceList(listBytes);
  assertOr(sameBytes(list.aik, own.cert.aik), "UNTRUSTED_IDENTITY", "link grant: list of another key");
  const isIn = list.devices.some(
    ({ deviceId, status }) => deviceId === own.cert.deviceId && status === "active",
  );
  assertOr(
    isIn && directory.certificates.includes(encodeBase64url(own.cert.bytes)),
    "BAD_CERT",
    "link grant: list",
  );
  const device = {
    account,
    username: content.username,
    own,
    prekeys: createFirstPrekeys(provider, own, environment.nowMs()),
    list,
    certificates: directory.certificates,
    signOuts: [],
    backupRoot: encodeBase64url(content.backupRoot),
    pins: content.pins,
  };
  return { device, ticket: content.ticket };
}
