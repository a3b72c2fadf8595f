import { expect, test } from "vitest";
import { linkify, withoutTrailingPunctuation } from "./linkify.ts";

test("text around an address stays as written", () => {
  expect(linkify("see https://example.org/a?b=1#c, then call")).toEqual([
    { type: "text", text: "see " },
    {
      type: "link",
      text: "https://example.org/a?b=1#c",
      href: "https://example.org/a?b=1#c",
      realHost: undefined,
    },
    { type: "text", text: ", then call" },
  ]);
});

test("www without a scheme opens over https", () => {
  expect(linkify("www.example.org")).toEqual([
    { type: "link", text: "www.example.org", href: "https://www.example.org/", realHost: undefined },
  ]);
});

test.each([
  "javascript:alert(1)",
  "data:text/html,<b>x</b>",
  "HTTPS:/example.org",
  "http://",
  "https://intranet",
  "file:///etc/passwd",
  "<script>alert(1)</script>",
])("%s is not a link", (written) => {
  expect(linkify(written)).toEqual([{ type: "text", text: written }]);
});

test.each([
  ["https://bücher.example/x", "xn--bcher-kva.example"],
  ["https://раураl.example", "xn--l-7sba6dbr.example"],
  ["https://bank.example@evil.example/login", "evil.example"],
])("%s names the host that really opens", (written, realHost) => {
  expect(linkify(written).map((part) => (part.type === "link" ? part.realHost : part.text))).toEqual([
    realHost,
  ]);
});

test("an upper-case host does not deceive", () => {
  expect(linkify("https://Example.ORG/Path")).toEqual([
    { type: "link", text: "https://Example.ORG/Path", href: "https://example.org/Path", realHost: undefined },
  ]);
});

test.each([
  ["https://example.org/a.", "https://example.org/a"],
  ["https://example.org/a?!…", "https://example.org/a"],
  ["https://example.org/a)", "https://example.org/a"],
  ["https://example.org/a_(b)", "https://example.org/a_(b)"],
  ["https://example.org/a_(b)).", "https://example.org/a_(b)"],
])("of %s the address is %s", (written, expected) => {
  expect(withoutTrailingPunctuation(written)).toBe(expected);
});

test("[ATTACK 72] in a text with marks that reorder it, every link names the host that really opens", () => {
  for (const mark of ["\u202a", "\u202d", "\u202e", "\u2066", "\u2068"]) {
    const [before, link] = linkify(`${mark}https://evil.example/elpmaxe.knab//:sptth`);
    expect([before, link]).toEqual([
      { type: "text", text: mark },
      {
        type: "link",
        text: "https://evil.example/elpmaxe.knab//:sptth",
        href: "https://evil.example/elpmaxe.knab//:sptth",
        realHost: "evil.example",
      },
    ]);
  }
});
