/** A provider whose curves and KEMs come after the start, so that what is stored shows before they are fetched. */
import { assertAsymmetricWorks } from "./self-test.ts";
import type { AsymmetricProvider, Provider, SymmetricProvider } from "./provider.ts";

export interface LateProvider {
  /** Its curves and KEMs throw a foreign error until `ready` has resolved. */
  readonly provider: Provider;
  /** Fetches and tests them once; may be called again after it rejected, for what `load` rejects or the self-test throws. */
  readonly ready: () => Promise<void>;
}

export function lateProvider(
  symmetric: SymmetricProvider,
  load: () => Promise<AsymmetricProvider>,
): LateProvider {
  let loaded: AsymmetricProvider | undefined;
  let loading: Promise<void> | undefined;
  const now = (): AsymmetricProvider => {
    if (loaded === undefined) throw new Error("curves and KEMs are not there yet");
    return loaded;
  };
  const fetchThem = async (): Promise<void> => {
    try {
      const come = await load();
      assertAsymmetricWorks({ ...symmetric, ...come });
      loaded = come;
    } catch (error) {
      loading = undefined;
      throw error;
    }
  };
  return {
    provider: {
      ...symmetric,
      ed25519PublicKey: (seed) => now().ed25519PublicKey(seed),
      sign: (seed, message) => now().sign(seed, message),
      verify: (publicKey, message, signature) => now().verify(publicKey, message, signature),
      x25519PublicKey: (secret) => now().x25519PublicKey(secret),
      x25519: (secret, pub) => now().x25519(secret, pub),
      x25519FirstUse: (secret, pub) => now().x25519FirstUse(secret, pub),
      kem768: {
        publicKey: (seed) => now().kem768.publicKey(seed),
        encapsulate: (ek, random) => now().kem768.encapsulate(ek, random),
        decapsulate: (ciphertext, seed) => now().kem768.decapsulate(ciphertext, seed),
      },
      kem1024: {
        publicKey: (seed) => now().kem1024.publicKey(seed),
        encapsulate: (ek, random) => now().kem1024.encapsulate(ek, random),
        decapsulate: (ciphertext, seed) => now().kem1024.decapsulate(ciphertext, seed),
      },
    },
    ready: () => (loading ??= fetchThem()),
  };
}
