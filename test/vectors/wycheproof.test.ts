/** Wycheproof cases through the provider's own wrappers. The files are read from beside the checkout, or from SOTTO_VECTORS. */
import { describe, expect, test } from "vitest";
import { nobleProvider } from "#core/crypto/noble-provider.ts";
import { tryNativeCurves } from "#core/crypto/native/native-curves.ts";
import { type Kem, type Provider } from "#core/crypto/provider.ts";
import { nodeProvider } from "#test/support/crypto/node-provider.ts";
import {
  fromHex,
  readWycheproof,
  toHex,
  type WycheproofCase,
  type WycheproofGroup,
  wycheproofFolder,
} from "./wycheproof-files.ts";

type Judge = (provider: Provider, test: WycheproofCase, group: WycheproofGroup) => boolean;

/** A judge tells whether the provider treats a case as its result demands. */
const files: readonly (readonly [file: string, cases: number, judge: Judge])[] = [
  ["x25519_test.json", 518, judgeX25519],
  ["ed25519_test.json", 151, judgeEd25519],
  ["xchacha20_poly1305_test.json", 315, judgeAead],
  ["hkdf_sha256_test.json", 86, judgeHkdf],
  ["hmac_sha256_test.json", 174, judgeHmac],
  ["mlkem_768_test.json", 193, (provider, item) => judgeDecapsulation(provider.kem768, item)],
  ["mlkem_1024_test.json", 193, (provider, item) => judgeDecapsulation(provider.kem1024, item)],
  ["mlkem_768_encaps_test.json", 265, (provider, item) => judgeEncapsulation(provider.kem768, item)],
  ["mlkem_1024_encaps_test.json", 269, (provider, item) => judgeEncapsulation(provider.kem1024, item)],
];

describe("Wycheproof", () => {
  const folder = wycheproofFolder;
  if (folder === undefined) {
    test("files are absent: only the RFC vectors were run (set SOTTO_VECTORS to their folder)", () => {
      console.warn("The Wycheproof files are absent; only the RFC vectors were run.");
      expect(folder).toBeUndefined();
    });
    return;
  }
  test.each(files)("%s: all %i cases", { timeout: 60_000 }, (file, count, judge) => {
    const groups = readWycheproof(folder, file);
    const run = (provider: Provider) =>
      groups.flatMap((group) =>
        group.tests.map((item) => ({ tcId: item.tcId, ok: judge(provider, item, group) })),
      );
    const results = run(nobleProvider);
    expect(results.filter(({ ok }) => !ok)).toEqual([]);
    expect(results.length).toBe(count);
    if (/x25519|hmac/.test(file)) expect(run(nodeProvider).filter(({ ok }) => !ok)).toEqual([]);
  });

  test("the platform's curves judge every case as ours do", { timeout: 60_000 }, async () => {
    const native = await tryNativeCurves(nobleProvider);
    if (native === undefined) throw new Error("this platform has no native curves");
    const outcomes: boolean[] = [];
    for (const { tests } of readWycheproof(folder, "x25519_test.json")) {
      for (const item of tests) {
        const [secret, pub] = [fromHex(item["private"]!), fromHex(item["public"]!)];
        const shared = await native.x25519(secret, pub).catch(() => undefined);
        const ours = attempt(() => nobleProvider.x25519(secret, pub));
        outcomes.push((shared && toHex(shared)) === (ours && toHex(ours)));
      }
    }
    for (const { publicKey, tests } of readWycheproof(folder, "ed25519_test.json")) {
      for (const item of tests) {
        const [message, signature] = [fromHex(item["msg"]!), fromHex(item["sig"]!)];
        const isAccepted = await native.verify(fromHex(publicKey!.pk), message, signature);
        outcomes.push(isAccepted === (item.result === "valid"));
      }
    }
    expect([outcomes.length, outcomes.filter((isRight) => !isRight)]).toEqual([669, []]);
  });
});

function judgeX25519(provider: Provider, item: WycheproofCase): boolean {
  const isZero = /^0*$/.test(item["shared"]!);
  const shared = attempt(() => provider.x25519(fromHex(item["private"]!), fromHex(item["public"]!)));
  return isZero ? shared === undefined : shared !== undefined && toHex(shared) === item["shared"];
}

function judgeEd25519(provider: Provider, item: WycheproofCase, group: WycheproofGroup): boolean {
  const isAccepted = provider.verify(
    fromHex(group.publicKey!.pk),
    fromHex(item["msg"]!),
    fromHex(item["sig"]!),
  );
  return isAccepted === (item.result === "valid");
}

function judgeAead(provider: Provider, item: WycheproofCase): boolean {
  const [key, nonce, ad] = [fromHex(item["key"]!), fromHex(item["iv"]!), fromHex(item["aad"]!)];
  const sealed = fromHex(item["ct"]! + item["tag"]!);
  const opened = attempt(() => provider.tryOpen(key, nonce, sealed, ad));
  if (item.result !== "valid") return opened === undefined;
  const again = provider.seal(key, nonce, fromHex(item["msg"]!), ad);
  return opened !== undefined && toHex(opened) === item["msg"] && toHex(again) === toHex(sealed);
}

function judgeHkdf(provider: Provider, item: WycheproofCase): boolean {
  const size = Number(item["size"]);
  const okm = attempt(() =>
    provider.hkdf(fromHex(item["salt"]!), fromHex(item["ikm"]!), fromHex(item["info"]!), size),
  );
  return item.result === "valid" ? okm !== undefined && toHex(okm) === item["okm"] : okm === undefined;
}

function judgeHmac(provider: Provider, item: WycheproofCase, group: WycheproofGroup): boolean {
  const tag = provider
    .hmac(fromHex(item["key"]!), fromHex(item["msg"]!))
    .subarray(0, (group.tagSize ?? 256) / 8);
  return provider.equal(tag, fromHex(item["tag"]!)) === (item.result === "valid");
}

function judgeDecapsulation(kem: Kem, item: WycheproofCase): boolean {
  const seed = fromHex(item["seed"]!);
  const secret = attempt(() => kem.decapsulate(fromHex(item["c"]!), seed));
  if (item.result !== "valid") return secret === undefined || toHex(secret) !== item["K"];
  const ek = attempt(() => kem.publicKey(seed));
  return secret !== undefined && toHex(secret) === item["K"] && ek !== undefined && toHex(ek) === item["ek"];
}

function judgeEncapsulation(kem: Kem, item: WycheproofCase): boolean {
  const made = attempt(() => kem.encapsulate(fromHex(item["ek"]!), fromHex(item["m"]!)));
  if (item.result !== "valid") return made === undefined;
  return made !== undefined && toHex(made.ciphertext) === item["c"] && toHex(made.secret) === item["K"];
}

function attempt<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch {
    return undefined; // a refusal: which cases may refuse is the judge's business
  }
}
