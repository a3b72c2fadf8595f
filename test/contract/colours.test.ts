/** Contrast of the pairs of colours that carry text, computed from the tokens (WCAG 2.2, 1.4.3 and 1.4.11). */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";

const css = readFileSync(new URL("../../frontend/app/ui/tokens.css", import.meta.url), "utf8");

type Tokens = Readonly<Record<string, string>>;

function tokensIn(block: string): Tokens {
  return Object.fromEntries(
    [...block.matchAll(/--([a-z0-9-]+):\s*(#[0-9a-f]{6});/g)].map((match) => [
      match[1] ?? "",
      match[2] ?? "",
    ]),
  );
}

function blockAfter(selector: string): Tokens {
  const start = css.indexOf("{", css.indexOf(selector));
  return tokensIn(css.slice(start, css.indexOf("}", start)));
}

const light = blockAfter(":root {");
const darkBySystem = blockAfter(':root:not([data-theme="light"])');
const darkByChoice = blockAfter(':root[data-theme="dark"]');

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
  ["dark", darkByChoice],
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

test("dark is the same whether the system or the person asks for it", () => {
  expect(darkBySystem).toEqual(darkByChoice);
});

test("both themes define the same colours", () => {
  expect(Object.keys(darkByChoice).sort()).toEqual(Object.keys(light).sort());
});
