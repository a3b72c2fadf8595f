/** The folder in which the command line keeps one account: store, key, lock. */
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import path from "node:path";
import { nobleProvider } from "#core/crypto/noble-provider.ts";
import type { ClientStorage } from "#core/store/client-storage.ts";
import { FileBlobStore } from "./file-blob-store.ts";
import { FileStore } from "./file-store.ts";
import { sealKeyFile, openKeyFile } from "./key-file.ts";

const privateFile = 0o600;
const privateFolder = 0o700;
const keyBytes = 32;

/** Another process uses this home. */
export class HomeInUseError extends Error {
  override readonly name = "HomeInUseError";
}

export interface Home {
  readonly storage: ClientStorage;
  /** The server this home belongs to, once known. */
  server(): string | undefined;
  setServer(origin: string): void;
  release(): void;
}

/**
 * Takes the folder for this process. The master key lies in a file only its owner can read; with `passphrase` the
 * file is sealed by it. Throws `HomeInUseError`.
 */
export function openHome(folder: string, passphrase: string | undefined): Home {
  mkdirSync(folder, { recursive: true, mode: privateFolder });
  const release = takeLock(path.join(folder, "lock"));
  const keyFile = path.join(folder, "device.key");
  const serverFile = path.join(folder, "server");
  const store = new FileStore(path.join(folder, "store.db"));
  return {
    storage: {
      store,
      blobs: new FileBlobStore(path.join(folder, "blobs")),
      async openMasterKey() {
        if (existsSync(keyFile)) return openKeyFile(readFileSync(keyFile), passphrase);
        const key = nobleProvider.random(keyBytes);
        writeFileSync(keyFile, await sealKeyFile(key, passphrase), {
          mode: privateFile,
          flag: "wx",
          flush: true,
        });
        return key;
      },
      async destroyMasterKey() {
        if (existsSync(keyFile)) writeFileSync(keyFile, nobleProvider.random(keyBytes), { flush: true });
        rmSync(keyFile, { force: true });
      },
    },
    server: () => (existsSync(serverFile) ? readFileSync(serverFile, "utf8").trim() : undefined),
    setServer: (origin) => writeFileSync(serverFile, `${origin}\n`, { mode: privateFile }),
    release,
  };
}

/** A lock file that names its process; one left behind by a process that is gone is taken over. */
function takeLock(file: string): () => void {
  for (const mayTakeOver of [true, false]) {
    try {
      const descriptor = openSync(file, "wx", privateFile);
      writeSync(descriptor, String(process.pid));
      closeSync(descriptor);
      return () => rmSync(file, { force: true });
    } catch (error) {
      if (!isFileError(error, "EEXIST") || !mayTakeOver || isAlive(Number(readFileSync(file, "utf8")))) break;
      rmSync(file, { force: true });
    }
  }
  throw new HomeInUseError("another process uses this home folder");
}

function isAlive(processId: number): boolean {
  if (!Number.isInteger(processId) || processId <= 0) return false;
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    return isFileError(error, "EPERM");
  }
}

function isFileError(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
