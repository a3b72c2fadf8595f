import type { Page } from "playwright-core";

/** A state of the app, and how a person gets there. */
export interface State {
  readonly name: string;
  readonly path: string;
  readonly scene?: string;
  readonly steps?: (page: Page) => Promise<void>;
}
