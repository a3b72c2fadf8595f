/**
 * Signal's library, AGPL and therefore no dependency of ours: the benchmark installs one exact version into a folder of its
 * own, outside the repository, and compares it with the digest below before anything of it runs.
 */
import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";

const name = "@signalapp/libsignal-client";
export const signalVersion = "0.103.0";
const integrity =
  "sha512-eTPT0ebDsoriIjeMjuB882H51UpFXnWDIu43VX0uBSM6iryKmCa0zxabncrS6xG0KJqAc+Modjkhk0nk+w2k+A==";
const folder = path.join(tmpdir(), `sotto-bench-libsignal-${signalVersion}`);
const installMs = 180_000;

/** Objects of the library that are only handed back to it. */
interface Handle {
  readonly _nativeHandle: unknown;
}
export interface PublicKey extends Handle {
  serialize(): Uint8Array<ArrayBuffer>;
}
interface PrivateKey extends Handle {
  getPublicKey(): PublicKey;
  sign(message: Uint8Array): Uint8Array<ArrayBuffer>;
}
export interface IdentityKeyPair {
  readonly publicKey: PublicKey;
  readonly privateKey: PrivateKey;
}
interface KemKeyPair extends Handle {
  getPublicKey(): PublicKey;
}
interface Ciphertext {
  serialize(): Uint8Array<ArrayBuffer>;
  type(): number;
}
/** Where the library keeps what it made: functions by the names it calls. */
export type Store = Readonly<Record<string, (...values: never[]) => Promise<unknown>>>;

/** What the benchmark uses of it; its own types are not installed with the repository. */
export interface SignalLibrary {
  readonly ProtocolAddress: { new: (name: string, deviceId: number) => Handle };
  readonly IdentityKeyPair: { generate(): IdentityKeyPair };
  readonly PrivateKey: { generate(): PrivateKey };
  readonly KEMKeyPair: { generate(): KemKeyPair };
  readonly SignedPreKeyRecord: {
    new: (id: number, atMs: number, pub: PublicKey, secret: PrivateKey, signature: Uint8Array) => Handle;
  };
  readonly PreKeyRecord: { new: (id: number, pub: PublicKey, secret: PrivateKey) => Handle };
  readonly KyberPreKeyRecord: {
    new: (id: number, atMs: number, keys: KemKeyPair, signature: Uint8Array) => Handle;
  };
  readonly PreKeyBundle: { new: (...parts: readonly unknown[]) => Handle };
  readonly SignalMessage: { deserialize(bytes: Uint8Array): Handle };
  readonly PreKeySignalMessage: { deserialize(bytes: Uint8Array): Handle };
  readonly SenderKeyDistributionMessage: {
    create(sender: Handle, id: string, store: Store): Promise<Handle>;
  };
  processPreKeyBundle(
    bundle: Handle,
    to: Handle,
    from: Handle,
    sessions: Store,
    identity: Store,
  ): Promise<void>;
  signalEncrypt(
    message: Uint8Array,
    to: Handle,
    from: Handle,
    sessions: Store,
    identity: Store,
  ): Promise<Ciphertext>;
  signalDecrypt(
    message: Handle,
    from: Handle,
    to: Handle,
    sessions: Store,
    identity: Store,
  ): Promise<Uint8Array>;
  signalDecryptPreKey(
    message: Handle,
    from: Handle,
    to: Handle,
    ...stores: readonly Store[]
  ): Promise<Uint8Array>;
  processSenderKeyDistributionMessage(sender: Handle, message: Handle, store: Store): Promise<void>;
  groupEncrypt(sender: Handle, id: string, store: Store, message: Uint8Array): Promise<Ciphertext>;
  groupDecrypt(sender: Handle, store: Store, message: Uint8Array): Promise<Uint8Array>;
}

/** The library, or why it cannot be had. */
export async function loadSignal(options: { readonly install: boolean }): Promise<SignalLibrary | string> {
  try {
    if (installedIntegrity() !== integrity) {
      if (!options.install) return "libsignal is not installed, and the benchmark may not install it";
      await install();
    }
    if (installedIntegrity() !== integrity) {
      rmSync(folder, { recursive: true, force: true });
      return "what the registry has as libsignal is not what was expected";
    }
    const entry = path.join(folder, "node_modules", name, "dist/index.js");
    return (await import(pathToFileURL(entry).href)) as SignalLibrary;
  } catch (error) {
    return `libsignal cannot be had: ${error instanceof Error ? error.message.split("\n")[0] : String(error)}`;
  }
}

async function install(): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const options = ["--prefix", folder, "--no-audit", "--no-fund", "--ignore-scripts", "--no-save"];
  await promisify(execFile)("npm", ["install", ...options, `${name}@${signalVersion}`], {
    cwd: folder,
    timeout: installMs,
  });
}

function installedIntegrity(): string | undefined {
  try {
    const lock = JSON.parse(readFileSync(path.join(folder, "node_modules/.package-lock.json"), "utf8")) as {
      packages: Record<string, { integrity?: string }>;
    };
    return lock.packages[`node_modules/${name}`]?.integrity;
  } catch {
    return undefined; // not installed
  }
}
