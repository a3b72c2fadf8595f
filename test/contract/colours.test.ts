/** Contrast of the pairs of colours that carry text, computed from the tokens (WCAG 2.2, 1.4.3 and 1.4.11). */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";

const css = readFileSync(new URL("../../frontend/app/ui/tokens.css", import.meta.url), "utf8");

type Tokens = Readonly<Record<string, string>>;

const pairs = [...css.matchAll(/--([a-z0-9-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);/g)];
const light: Tokens = Object.fromEntries(pairs.map(([, name, colour]) => [name, colour]));
const dark: Tokens = Object.fromEntries(pairs.map(([, name, , colour]) => [name, colour]));

/** WCAG 2.2, relative luminance and contrast ratio. */
function luminance(hex: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const channel = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: string, b: string): number {
  const [high = 0, low = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (high + 0.05) / (low + 0.05);
}

const textPairs: readonly (readonly [text: string, ground: string])[] = [
  ...[
    "paper",
    "surface",
    "surface-raised",
    "surface-sunken",
    "surface-hover",
    "accent-soft",
    "danger-soft",
  ].map((ground) => ["text", ground] as const),
  ...["paper", "surface", "surface-sunken", "surface-hover", "accent-soft", "danger-soft"].map(
    (ground) => ["text-muted", ground] as const,
  ),
  ...["paper", "surface", "surface-hover", "accent-soft", "bubble-other"].map(
    (ground) => ["accent", ground] as const,
  ),
  ...["paper", "surface", "surface-hover", "accent-soft"].map((ground) => ["badge", ground] as const),
  ...["paper", "surface", "danger-soft"].map((ground) => ["danger", ground] as const),
  ["on-accent", "accent"],
  ["on-accent", "accent-strong"],
  ["on-badge", "badge"],
  ["on-danger", "danger"],
  ["on-warning", "warning-soft"],
  ["on-toast", "toast"],
  ["bubble-own-text", "bubble-own"],
  ["bubble-own-meta", "bubble-own"],
  ["bubble-own-read", "bubble-own"],
  ["bubble-other-text", "bubble-other"],
  ["bubble-other-meta", "bubble-other"],
];

describe.each([
  ["light", light],
  ["dark", dark],
])("%s theme", (_name, tokens) => {
  test.each(textPairs)("%s on %s has at least 4.5:1", (text, ground) => {
    expect(contrast(tokens[text] ?? "missing", tokens[ground] ?? "missing")).toBeGreaterThanOrEqual(4.5);
  });

  test("the dot of someone online has at least 3:1 on its ground", () => {
    expect(contrast(tokens["online"] ?? "", tokens["surface"] ?? "")).toBeGreaterThanOrEqual(3);
  });

  test("a field's outline has at least 3:1 on its ground", () => {
    expect(contrast(tokens["line-strong"] ?? "", tokens["surface"] ?? "")).toBeGreaterThanOrEqual(3);
  });
});

/** Relative luminance of an oklch colour (CSS Color 4, 9.3 and the linear sRGB matrix); what lies outside sRGB is cut off. */
function luminanceOfOklch(lightness: number, chroma: number, hueDegrees: number): number {
  const hue = (hueDegrees * Math.PI) / 180;
  const [a, b] = [chroma * Math.cos(hue), chroma * Math.sin(hue)];
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const cut = (value: number): number => Math.min(1, Math.max(0, value));
  const red = cut(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s);
  const green = cut(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s);
  const blue = cut(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s);
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

const avatars = readFileSync(new URL("../../frontend/app/ui/avatar.css", import.meta.url), "utf8");
const hues = [...avatars.matchAll(/--hue: (\d+);/g)].map(([, hue]) => Number(hue));

const bubbles = readFileSync(
  new URL("../../frontend/app/features/groups/in-bubble.css", import.meta.url),
  "utf8",
);
const [, ...name] =
  /light-dark\(oklch\(([\d.]+) ([\d.]+) var\(--hue\)\), oklch\(([\d.]+) ([\d.]+) var\(--hue\)\)\)/
    .exec(bubbles)
    ?.map(Number) ?? [];

describe.each([
  ["light", light, name.slice(0, 2)],
  ["dark", dark, name.slice(2)],
])("names of senders, %s", (_name, tokens, [lightness = Number.NaN, chroma = Number.NaN]) => {
  test.each(hues)("hue %i has at least 4.5:1 on bubbles and on the paper", (hue) => {
    const name = luminanceOfOklch(lightness, chroma, hue);
    for (const ground of ["bubble-other", "paper"]) {
      const [high = 0, low = 0] = [name, luminance(tokens[ground] ?? "missing")].sort((x, y) => y - x);
      expect((high + 0.05) / (low + 0.05)).toBeGreaterThanOrEqual(4.5);
    }
  });
});

test("a picture of a person has one of twelve hues", () => {
  expect(hues).toHaveLength(12);
});
