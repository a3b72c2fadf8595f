import { existsSync, readFileSync } from "node:fs";
import path from "node:path";

/** One case of a Wycheproof file; which fields there are depends on the file. */
export type WycheproofCase = Readonly<Record<string, string>> & {
  readonly tcId: number;
  readonly result: string;
};

export interface WycheproofGroup {
  readonly publicKey?: { readonly pk: string };
  readonly tagSize?: number;
  readonly tests: readonly WycheproofCase[];
}

const root = path.resolve(import.meta.dirname, "../..");
const candidates = [
  process.env["SOTTO_VECTORS"],
  path.join(root, "../shared/vectors"),
  path.join(root, "../../shared/vectors"),
];

/** Where other projects' vectors lie, when they are there: they are data of others and not part of this repository. */
export const wycheproofFolder = candidates
  .filter((folder) => folder !== undefined)
  .map((folder) => path.join(folder, "wycheproof"))
  .find((folder) => existsSync(folder));

export function readWycheproof(folder: string, file: string): readonly WycheproofGroup[] {
  const parsed = JSON.parse(readFileSync(path.join(folder, file), "utf8")) as {
    testGroups: WycheproofGroup[];
  };
  return parsed.testGroups;
}

export function fromHex(hex: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(Buffer.from(hex, "hex"));
}

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
