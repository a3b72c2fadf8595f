import { expect, test } from "vitest";
import { cleanFileName, cleanMime } from "./file-name.ts";

test.each([
  ["report.pdf", "report.pdf"],
  ["../../etc/passwd", "etcpasswd"],
  ["C:\\temp\\x.exe", "Ctempx.exe"],
  ["invoice\u202Efdp.exe", "invoicefdp.exe"],
  ["a\u0000b\nc\td.txt", "abcd.txt"],
  ["zero\u200Bwidth\uFEFF.txt", "zerowidth.txt"],
  ["  .hidden. ", "hidden"],
  ["CON", "_CON"],
  ["nul.txt", "_nul.txt"],
  ["console.txt", "console.txt"],
  ["\ud800lone", "\ufffdlone"],
  ["", "file"],
  ["...", "file"],
  ["grüße aus köln 🎻.jpg", "grüße aus köln 🎻.jpg"],
])("[ATTACK 60] %j is shown and saved as %j", (name, clean) => {
  expect(cleanFileName(name)).toBe(clean);
});

test("[ATTACK 60] a long name keeps its end", () => {
  const clean = cleanFileName(`${"very ".repeat(60)}long.html`);
  expect([clean.length, clean.endsWith("….html")]).toEqual([120, true]);
});

test.each([
  ["image/JPEG; q=1", "image/jpeg"],
  ["text/html", "text/html"],
  ["", "application/octet-stream"],
  ["text/html,<script>", "application/octet-stream"],
  ["a b/c", "application/octet-stream"],
])("[ATTACK 60] the type %j counts as %j", (mime, clean) => {
  expect(cleanMime(mime)).toBe(clean);
});
