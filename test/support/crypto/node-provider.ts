/** Makes long simulations quick, and is a second implementation that must agree with the first. */
export { nodeProvider } from "#cli/node-provider.ts";
