/** What this browser remembers about taste: nothing secret, so plain local storage, and no loss where it is blocked. */
import { signal, type ReadonlySignal } from "@preact/signals";

export type Theme = "system" | "light" | "dark";

interface KeyValue {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

export interface Preferences {
  readonly theme: ReadonlySignal<Theme>;
  readonly enterSends: ReadonlySignal<boolean>;
  /** `account/deviceId` of the newest device that the person has said they know. */
  readonly knownDevice: ReadonlySignal<string>;
  /** This browser had an account, which nobody logged out. Unlike the account itself it survives when storage is evicted. */
  readonly hadAccount: () => boolean;
  readonly setHadAccount: (hadAccount: boolean) => void;
  readonly setKnownDevice: (device: string) => void;
  readonly setTheme: (theme: Theme) => void;
  readonly setEnterSends: (enterSends: boolean) => void;
}

/** The same key is read by theme.js before the first paint. */
const themeKey = "sotto.theme";
const enterKey = "sotto.enter";
const deviceKey = "sotto.device";
const accountKey = "sotto.account";

export function parseTheme(stored: string | null): Theme {
  return stored === "light" || stored === "dark" ? stored : "system";
}

export function createPreferences(storage: KeyValue | undefined): Preferences {
  const theme = signal(parseTheme(storage?.getItem(themeKey) ?? null));
  const enterSends = signal(storage?.getItem(enterKey) !== "newline");
  const knownDevice = signal(storage?.getItem(deviceKey) ?? "");
  return {
    theme,
    knownDevice,
    hadAccount: () => storage?.getItem(accountKey) === "here",
    setHadAccount(hadAccount) {
      if (hadAccount) storage?.setItem(accountKey, "here");
      else storage?.removeItem(accountKey);
    },
    setKnownDevice(device) {
      knownDevice.value = device;
      storage?.setItem(deviceKey, device);
    },
    enterSends,
    setTheme(next) {
      theme.value = next;
      if (next === "system") storage?.removeItem(themeKey);
      else storage?.setItem(themeKey, next);
    },
    setEnterSends(next) {
      enterSends.value = next;
      if (next) storage?.removeItem(enterKey);
      else storage?.setItem(enterKey, "newline");
    },
  };
}

/** Undefined where the browser blocks storage, which it says by throwing. */
export function tryLocalStorage(): KeyValue | undefined {
  try {
    const storage = globalThis.localStorage;
    storage.getItem(themeKey);
    return storage;
  } catch {
    return undefined;
  }
}

export function applyTheme(theme: Theme, root: HTMLElement): void {
  if (theme === "system") delete root.dataset["theme"];
  else root.dataset["theme"] = theme;
}
