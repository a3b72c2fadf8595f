import { nobleAsymmetric } from "./noble-asymmetric.ts";
import { nobleSymmetric } from "./noble-symmetric.ts";
import type { Provider } from "./provider.ts";

/** The provider of the product, all of it at once. */
export const nobleProvider: Provider = { ...nobleSymmetric, ...nobleAsymmetric };
