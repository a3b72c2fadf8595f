import { expect, test } from "vitest";
import { createPreferences, parseTheme } from "./preferences.ts";

function storage(initial: Record<string, string> = {}) {
  const values = new Map(Object.entries(initial));
  return {
    values,
    getItem: (key: string) => values.get(key) ?? null,
    setItem: (key: string, value: string) => void values.set(key, value),
    removeItem: (key: string) => void values.delete(key),
  };
}

test("without a choice the theme follows the system and Enter sends", () => {
  const preferences = createPreferences(storage());
  expect([preferences.theme.value, preferences.enterSends.value]).toEqual(["system", true]);
});

test("choices are kept, and going back to the system leaves nothing behind", () => {
  const kept = storage();
  const first = createPreferences(kept);
  first.setTheme("dark");
  first.setEnterSends(false);
  const second = createPreferences(kept);
  expect([second.theme.value, second.enterSends.value]).toEqual(["dark", false]);
  second.setTheme("system");
  second.setEnterSends(true);
  expect([...kept.values]).toEqual([]);
});

test("that there was an account is remembered until somebody logs out", () => {
  const kept = storage();
  createPreferences(kept).setHadAccount(true);
  const later = createPreferences(kept);
  expect(later.hadAccount()).toBe(true);
  later.setHadAccount(false);
  expect([later.hadAccount(), ...kept.values]).toEqual([false]);
});

test("where storage is blocked choices hold for this visit", () => {
  const preferences = createPreferences(undefined);
  preferences.setTheme("light");
  expect(preferences.theme.value).toBe("light");
});

test("an unknown stored theme is the system's", () => {
  expect(parseTheme("sepia")).toBe("system");
});
