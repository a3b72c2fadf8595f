/** The side of a link that has the account: shows who asks, certifies it, hands over (CRYPTO 2.9). */
import { decodeBase64url } from "#schema/envelope/base64url.ts";
import { concat, sameBytes } from "#schema/envelope/bytes.ts";
import { deviceCertMessage, encodeDeviceCertTbs } from "#schema/envelope/device-cert.ts";
import type { DeviceList } from "#schema/envelope/device-list.ts";
import { endLink, readFromNewDevice, writeFromOldDevice } from "#schema/http/links.ts";
import type { DeviceId } from "#schema/ids.ts";
import type { SessionCall } from "../api/session-api.ts";
import { deviceCertHash, verifyDeviceCert } from "../crypto/device-identity.ts";
import { createNextList } from "../crypto/device-list.ts";
import { type LinkCode, parseLinkCode } from "../crypto/link/link-code.ts";
import { linkEmoji } from "../crypto/link/link-emoji.ts";
import type { HandedPin } from "../crypto/link/handed-pin.ts";
import { encodeLinkExport } from "../crypto/link/link-export.ts";
import { openLinkProof, openLinkRequest } from "../crypto/link/link-request.ts";
import {
  createLinkSecret,
  formatLinkSecret,
  linkCodeOf,
  type LinkSecret,
  parseLinkSecret,
  rendezvousOf,
  splitRequest,
} from "../crypto/link/link-secret.ts";
import { linkSender, sealLinkGrant, sealLinkOffer } from "../crypto/link/link-transfer.ts";
import type { Provider } from "../crypto/provider.ts";
import type { Environment } from "../environment.ts";
import { LinkStopped } from "./link-failure.ts";
import type { LinkStatus, LinkWay } from "./link-status.ts";
import { type RendezvousCalls, RendezvousSide } from "./rendezvous.ts";
import type { UnlockedAccount } from "./unlock.ts";

/** Either the whole code of a new device was scanned, or both sides know a secret. */
export interface OldDeviceLink {
  readonly rendezvous: Uint8Array;
  readonly known: { readonly code: LinkCode } | { readonly secret: LinkSecret };
  /** What this screen shows, if it does. */
  readonly shown: string | undefined;
}

const scannedPrefix = "sotto://link#";

/** Throws `CryptoError` for a code that is none. */
export function prepareOldDeviceLink(provider: Provider, way: LinkWay): OldDeviceLink {
  if ("code" in way && way.code.startsWith(scannedPrefix)) {
    const code = parseLinkCode(way.code);
    return { rendezvous: code.rendezvous, known: { code }, shown: undefined };
  }
  const secret = "show" in way ? createLinkSecret(provider, way.show) : parseLinkSecret(provider, way.code);
  const shown = "show" in way ? formatLinkSecret(provider, secret) : undefined;
  return { rendezvous: rendezvousOf(provider, secret), known: { secret }, shown };
}

export function oldDeviceSide(
  environment: Environment,
  call: SessionCall,
  link: OldDeviceLink,
): RendezvousSide {
  const calls: RendezvousCalls = {
    write: (rendezvous, slot, data) =>
      call(writeFromOldDevice, { params: { rendezvous, slot }, body: { data } }),
    read: (rendezvous, slot) => call(readFromNewDevice, { params: { rendezvous, slot }, query: { wait: 1 } }),
    end: (rendezvous) => call(endLink, { params: { rendezvous } }),
  };
  return new RendezvousSide(environment, calls, link.rendezvous);
}

/** Resolves with the id that the new device will have. Throws `LinkStopped`, `CryptoError`, `SottoError`. */
export async function runOldDevice(
  environment: Environment,
  side: RendezvousSide,
  link: OldDeviceLink,
  unlocked: UnlockedAccount,
  person: {
    readonly say: (status: LinkStatus) => void;
    readonly agreed: (untilMs: number) => Promise<void>;
    /** Of contacts, for the new device. */
    readonly pins: () => Promise<readonly HandedPin[]>;
  },
): Promise<DeviceId> {
  const { provider } = environment;
  const { aik, list: previous } = unlocked;
  const message = await side.read("request");
  side.begin();
  const { code, sealed } = openMessage(provider, link, message);
  const request = openLinkRequest(provider, code, sealed);
  // Read from now on, so that this side hears at once when the other one gives up.
  const proof = side.read("proof");
  person.say({ state: "confirm", deviceName: request.name, expiresAtMs: side.expiresAtMs });
  await Promise.race([person.agreed(side.expiresAtMs), proof]);
  side.assertGoing();

  const accountId = decodeBase64url(unlocked.account);
  const deviceId = (previous.devices.at(-1)?.deviceId ?? 0) + 1;
  const createdAtMs = environment.nowMs();
  const { dsk, dik } = request;
  const certTbs = encodeDeviceCertTbs({ accountId, deviceId, createdAtMs, aik: aik.pub, dsk, dik });
  const sigAik = provider.sign(aik.secret, deviceCertMessage(certTbs));
  const sender = linkSender(provider, code, message);
  await side.write("offer", sealLinkOffer(sender, { accountId, certTbs, sigAik }));
  const emoji = linkEmoji(sender.context);
  person.say({ state: "compare", deviceName: request.name, emoji, expiresAtMs: side.expiresAtMs });
  const [sealedProof] = await Promise.all([proof, person.agreed(side.expiresAtMs)]);
  side.assertGoing();
  person.say({ state: "finishing" });

  const sigDsk = openLinkProof(provider, code, sealedProof);
  const cert = verifyDeviceCert(provider, concat(certTbs, sigAik, sigDsk), { accountId, aik: aik.pub });
  const list = nextList(provider, unlocked, {
    issuedAtMs: createdAtMs,
    add: [cert],
    revoke: unlocked.signedOut,
  });
  const { username, ticket, backupRoot, profileKey, certificates } = unlocked;
  const vault = encodeLinkExport({
    username,
    ticket,
    backupRoot,
    profileKey,
    // Of those that the list has no room for the new device hears when it needs them.
    certificates: certificates.map(decodeBase64url).filter((bytes) => isNamed(provider, list, bytes)),
    pins: await person.pins(),
  });
  const grant = { deviceCert: cert.bytes, deviceList: list.bytes, vault, historyPack: new Uint8Array(0) };
  await side.write("grant", sealLinkGrant(sender.context, grant));
  return deviceId;
}

function openMessage(
  provider: Provider,
  { known }: OldDeviceLink,
  message: Uint8Array,
): { readonly code: LinkCode; readonly sealed: Uint8Array } {
  if ("code" in known) return { code: known.code, sealed: message };
  const { ephemeral, sealed } = splitRequest(message);
  return { code: linkCodeOf(provider, known.secret, ephemeral), sealed };
}

function nextList(
  provider: Provider,
  { aik, list }: UnlockedAccount,
  change: Parameters<typeof createNextList>[3],
): ReturnType<typeof createNextList> {
  try {
    return createNextList(provider, aik, list, change);
  } catch (error) {
    if (error instanceof RangeError) throw new LinkStopped("too_many_devices");
    throw error;
  }
}

function isNamed(provider: Provider, { devices }: DeviceList, certificate: Uint8Array): boolean {
  const hash = deviceCertHash(provider, certificate);
  return devices.some(({ certHash }) => sameBytes(certHash, hash));
}
