/**
 * What a hostile sender writes, in every place where the app shows what others wrote: nothing of it runs, and the reader's
 * browser asks nobody else for anything. And what a script that did run would find in the browser's storage.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Page } from "playwright-core";
import { text } from "#app/i18n/en.ts";
import { Person } from "./person.ts";
import { openStage, type Stage } from "./stage.ts";

let stage: Stage;
let anna: Person;
let ben: Person;
const asked: string[] = [];

const secret = "the heron nests behind the mill";
/** Each would set `window.owned` or ask a foreign host, if it were taken for more than text. */
const hostile = [
  `<img src=x onerror="window.owned=1">`,
  `<svg onload="window.owned=2"><script>window.owned=3</script></svg>`,
  `"><iframe src="https://tracker.example/frame"></iframe>`,
  "javascript:window.owned=4//https://tracker.example/a.png",
  "[click](javascript:window.owned=5) ![x](https://tracker.example/pixel.png)",
  "data:text/html,<script>window.owned=6</script>",
  "https://tracker.example/preview?from=sotto",
  `<style>@import "https://tracker.example/font.css"; body{background:url(https://tracker.example/bg)}</style>`,
  `{{constructor.constructor("window.owned=7")()}} \${window.owned=8}`,
];
const drawing = `<svg xmlns="http://www.w3.org/2000/svg" onload="window.owned=9"><script>window.owned=10</script>
  <image href="https://tracker.example/inside.png"/></svg>`;

beforeAll(async () => {
  stage = await openStage();
  [anna, ben] = await Person.pair(stage, secret);
  anna.profile.context.on("request", (request) => asked.push(request.url()));
});
afterAll(() => stage.close());

const own = (url: string): boolean => /^(blob|data):/.test(url) || new URL(url).origin === stage.origin;
const owned = (page: Page) => page.evaluate<unknown>("window.owned ?? null");

/** Anna looks at all the places where something of Ben's stands. */
async function lookAround(page: Page, group: string): Promise<void> {
  await anna.openChat(group);
  await anna.openGroupInfo(group);
  await page.keyboard.press("Escape");
  await page.reload();
  await anna.openChat("ben");
  await page.locator("li.message").last().waitFor();
}

test("[ATTACK 70] [ATTACK 73] texts, names and files of a hostile sender run nothing and load nothing", async () => {
  const { page } = anna;
  for (const message of hostile) await ben.write("anna", message);
  await anna.until((seen) => seen.length === 1 + hostile.length, "all of it");
  expect((await anna.messages()).slice(1).map((each) => each.text)).toEqual(hostile);

  const group = `<b onclick=alert(1)>x</b><img src=x onerror=window.owned=11>`;
  await ben.newGroup(group, ["anna"]);
  await ben.write(group, hostile[0]!);
  await anna.openChat(group);
  await anna.until((seen) => seen.length === 1, "the message of the group");

  await ben.openChat("anna");
  await ben.page.locator("[data-attach]").setInputFiles([
    {
      name: `a"><img src=x onerror=window.owned=12>.svg`,
      mimeType: "image/svg+xml",
      buffer: Buffer.from(drawing),
    },
    { name: "https:__tracker.example_x.png", mimeType: "image/png", buffer: Buffer.from(drawing) },
    { name: "page.html", mimeType: "text/html", buffer: Buffer.from("<script>window.owned=13</script>") },
  ]);
  await ben.page.getByRole("dialog").getByRole("button", { name: text.composer.send }).click();
  await anna.openChat("ben");
  await page.getByText("page.html").waitFor();
  await lookAround(page, group);

  const links = await page
    .locator("li.message a")
    .evaluateAll((all) =>
      all.map((link) => ["protocol", "rel", "target"].map((name): unknown => Reflect.get(link, name))),
    );
  expect(new Set(links.map((link) => JSON.stringify(link)))).toEqual(
    new Set([JSON.stringify(["https:", "noopener noreferrer", "_blank"])]),
  );
  const foreign =
    "li.message :is(script, style, iframe, object, embed, svg image), li.message img[src^=http]";
  expect(await page.locator(foreign).count()).toBe(0);
  expect([await owned(page), asked.filter((url) => !own(url))]).toEqual([null, []]);
  expect([...anna.profile.problems, ...ben.profile.problems]).toEqual([]);
});

test("[ATTACK 70] the browser refuses script that got into the page: inline, evaluated, foreign, as markup", async () => {
  const { page } = anna;
  const refused = await page.evaluate<string[]>(`(async () => {
    // What the debugger calls directly may evaluate text; what the page calls later may not.
    await new Promise((later) => setTimeout(later));
    const seen = [];
    addEventListener("securitypolicyviolation", (event) => seen.push(event.effectiveDirective));
    const attempt = (run) => { try { run(); } catch (error) { seen.push(error.name); } };
    attempt(() => document.body.append(Object.assign(document.createElement("script"), { text: "window.owned=20" })));
    attempt(() => { document.createElement("div").innerHTML = "<img src=x onerror=window.owned=21>"; });
    attempt(() => document.body.setAttribute("onclick", "window.owned=22"));
    attempt(() => Function("window.owned=23")());
    attempt(() => setTimeout("window.owned=24"));
    attempt(() => { document.createElement("script").src = "https://tracker.example/x.js"; });
    const image = new Image();
    const over = new Promise((resolve) => (image.onerror = resolve));
    image.src = "https://tracker.example/pixel.png";
    await over;
    const told = new Promise((resolve) => addEventListener("securitypolicyviolation", (event) => {
      if (event.effectiveDirective === "connect-src") resolve();
    }));
    await fetch("https://tracker.example/").catch((error) => seen.push("fetch " + error.name));
    await told;
    document.body.click();
    return seen;
  })()`);
  expect(await owned(page)).toBe(null);
  expect(new Set(refused)).toEqual(
    new Set([
      "TypeError",
      "EvalError",
      "img-src",
      "connect-src",
      "fetch TypeError",
      "require-trusted-types-for",
    ]),
  );
});

test("[ATTACK 70] storage holds no text and no key that a script could take away", async () => {
  const found = await anna.page.evaluate<{ stores: number; keys: string[]; texts: string }>(`(async () => {
    const keys = [];
    const texts = [];
    let stores = 0;
    const read = async (value, depth) => {
      if (value instanceof CryptoKey) {
        keys.push(await crypto.subtle.exportKey("raw", value).then(() => "exported", (error) => error.name));
      } else if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) {
        texts.push(new TextDecoder("latin1").decode(value));
      } else if (typeof value === "string") texts.push(value);
      else if (value !== null && typeof value === "object" && depth < 6) {
        for (const each of Object.values(value)) await read(each, depth + 1);
      }
    };
    for (const { name } of await indexedDB.databases()) {
      const database = await new Promise((done) => (indexedDB.open(name).onsuccess = ({ target }) => done(target.result)));
      for (const store of database.objectStoreNames) {
        stores += 1;
        const rows = await new Promise((done) => {
          database.transaction(store).objectStore(store).getAll().onsuccess = ({ target }) => done(target.result);
        });
        await read(rows, 0);
      }
      database.close();
    }
    for (const storage of [localStorage, sessionStorage]) await read(Object.values(storage), 0);
    await read(Object.values(window).filter((value) => value instanceof CryptoKey), 0);
    return { stores, keys, texts: texts.join("\\n") };
  })()`);
  expect(found.stores).toBeGreaterThanOrEqual(3);
  expect(found.texts.length).toBeGreaterThan(1_000);
  expect(new Set(found.keys)).toEqual(new Set(["InvalidAccessError"]));
  for (const plain of [secret, "heron", "tracker.example", "owned"]) expect(found.texts).not.toContain(plain);
});
