/** Makes the picture of the README from two photographs of run.ts: the desktop with the phone before it. */
import { mkdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { chromium } from "playwright-core";
import { browserArguments, findBrowser } from "#test/support/find-browser.ts";

const out = path.join(import.meta.dirname, "out");
const images = path.resolve(import.meta.dirname, "../../docs/images");
const photograph = (name: string): string =>
  `data:image/png;base64,${readFileSync(path.join(out, `${name}.png`)).toString("base64")}`;

const page = `<!doctype html><style>
  body { margin: 0; width: 1500px; height: 784px; background: #e7dfd2; overflow: hidden }
  img { position: absolute; display: block }
  .desktop { left: 40px; top: 48px; width: 1100px; border-radius: 14px; box-shadow: 0 24px 60px rgb(60 45 20 / 26%) }
  .phone { right: 40px; top: 48px; width: 296px; border-radius: 36px; border: 9px solid #141311; box-shadow: 0 24px 60px rgb(30 22 8 / 44%) }
</style><img class="desktop" src="${photograph("chat-desktop-light")}"><img class="phone" src="${photograph("chat-phone-dark")}">`;

mkdirSync(images, { recursive: true });
const browser = await chromium.launch({ executablePath: findBrowser(), args: [...browserArguments] });
const tab = await browser.newPage({ viewport: { width: 1500, height: 784 } });
await tab.setContent(page, { waitUntil: "load" });
await tab.screenshot({ path: path.join(images, "sotto.png") });
await browser.close();
