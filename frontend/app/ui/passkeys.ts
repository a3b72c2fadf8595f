/** Passkeys as keys: what an authenticator makes of a salt (WebAuthn PRF) opens something that was sealed with it. */

import { encodeBase64url } from "#schema/envelope/base64url.ts";

export interface PasskeyOutput {
  readonly credentialId: Uint8Array<ArrayBuffer>;
  readonly salt: Uint8Array<ArrayBuffer>;
  /** 32 bytes, the same for the same passkey and salt. */
  readonly output: Uint8Array<ArrayBuffer>;
}

/** `refused`: the person or their browser said no. `unsupported`: this authenticator makes nothing of a salt. */
export class PasskeyError extends Error {
  override readonly name = "PasskeyError";
  readonly reason: "refused" | "unsupported";

  constructor(reason: "refused" | "unsupported", options: { cause?: unknown } = {}) {
    super(reason, options);
    this.reason = reason;
  }
}

export const hasPasskeys = (): boolean => "PublicKeyCredential" in globalThis;

const saltBytes = 32;
const outputBytes = 32;
/** COSE: EdDSA, ES256, RS256. The signature is never looked at. */
const algorithms = [-8, -7, -257];

/** Makes a passkey and a salt for it. Asks twice where making one does not evaluate the salt. Throws `PasskeyError`. */
export async function createPasskey(name: string): Promise<PasskeyOutput> {
  const salt = randomBytes(saltBytes);
  const credential = await ask(() =>
    navigator.credentials.create({
      publicKey: {
        rp: { name: "Sotto" },
        user: { id: randomBytes(16), name, displayName: name },
        challenge: randomBytes(32),
        pubKeyCredParams: algorithms.map((alg) => ({ type: "public-key", alg })),
        authenticatorSelection: { residentKey: "required", userVerification: "required" },
        extensions: { prf: { eval: { first: salt } } },
      },
    }),
  );
  const { prf } = credential.getClientExtensionResults();
  if (prf?.enabled !== true && prf?.results === undefined) throw new PasskeyError("unsupported");
  const credentialId = new Uint8Array(credential.rawId);
  const made = tryOutput(prf.results);
  if (made !== undefined) return { credentialId, salt, output: made };
  return askPasskey([{ credentialId, salt }]);
}

/** Asks for one of these passkeys. Throws `PasskeyError`. */
export async function askPasskey(
  known: readonly { readonly credentialId: Uint8Array; readonly salt: Uint8Array }[],
): Promise<PasskeyOutput> {
  const credentials = known.map(({ credentialId, salt }) => {
    return { credentialId: Uint8Array.from(credentialId), salt: Uint8Array.from(salt) };
  });
  const evalByCredential = Object.fromEntries(
    credentials.map(({ credentialId, salt }) => [encodeBase64url(credentialId), { first: salt }]),
  );
  const credential = await ask(() =>
    navigator.credentials.get({
      publicKey: {
        challenge: randomBytes(32),
        allowCredentials: credentials.map(({ credentialId }) => ({ type: "public-key", id: credentialId })),
        userVerification: "required",
        extensions: { prf: { evalByCredential } },
      },
    }),
  );
  const credentialId = new Uint8Array(credential.rawId);
  const used = credentials.find((one) => isSame(one.credentialId, credentialId));
  const output = tryOutput(credential.getClientExtensionResults().prf?.results);
  if (used === undefined || output === undefined) throw new PasskeyError("unsupported");
  return { credentialId, salt: used.salt, output };
}

async function ask(question: () => Promise<Credential | null>): Promise<PublicKeyCredential> {
  let credential: Credential | null;
  try {
    credential = await question();
  } catch (error) {
    throw new PasskeyError("refused", { cause: error });
  }
  if (credential instanceof PublicKeyCredential) return credential;
  throw new PasskeyError("refused");
}

function tryOutput(
  results: AuthenticationExtensionsPRFValues | undefined,
): PasskeyOutput["output"] | undefined {
  if (results === undefined) return undefined;
  const { first } = results;
  const bytes = ArrayBuffer.isView(first)
    ? new Uint8Array(first.buffer, first.byteOffset, first.byteLength)
    : new Uint8Array(first);
  return bytes.length === outputBytes ? Uint8Array.from(bytes) : undefined;
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, index) => byte === other[index]);
}

function randomBytes(length: number): Uint8Array<ArrayBuffer> {
  return crypto.getRandomValues(new Uint8Array(length));
}
