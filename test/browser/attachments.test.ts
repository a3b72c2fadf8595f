/**
 * Files between two real browser profiles: a picture that loses its metadata, a film of 60 MB whose network drops at
 * 60 %, and playing it on the other side from wherever one likes, opened range by range through the service worker.
 *
 * The film is real: a canvas recorded by the browser itself, a few seconds long, brought to its length by a WebM `Void`
 * element, which players skip. What this does not show: how little of a long film is read before it plays (the player reads
 * through the filling at once), other browsers, phones.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Page } from "playwright-core";
import { text } from "#app/i18n/en.ts";
import { Person } from "./person.ts";
import { openStage, type Stage } from "./stage.ts";

let stage: Stage;
let anna: Person;
let ben: Person;

beforeAll(async () => {
  stage = await openStage();
  [anna, ben] = await Person.pair(stage, "files are coming");
  // The service worker takes pages over after its first installation.
  for (const { page } of [anna, ben]) {
    await page.evaluate("navigator.serviceWorker.ready.then(() => undefined)");
    await page.reload();
  }
});
afterAll(() => stage.close());

const send = (page: Page) =>
  page.getByRole("dialog").getByRole("button", { name: text.composer.send }).click();

/** A JPEG of 640 × 400 with an EXIF segment that says where it was taken. */
const pictureWithPlace = `(async () => {
  const canvas = new OffscreenCanvas(640, 400);
  const context = canvas.getContext("2d");
  for (let x = 0; x < 640; x += 8) {
    context.fillStyle = "hsl(" + (x / 3) + " 60% 60%)";
    context.fillRect(x, 0, 8, 400);
  }
  const jpeg = new Uint8Array(await (await canvas.convertToBlob({ type: "image/jpeg" })).arrayBuffer());
  const place = new TextEncoder().encode("Exif\\0\\0MM\\0*\\0\\0\\0\\u0008\\0\\0 GPS 53.5511 N 9.9937 E");
  const head = [0xff, 0xe1, 0, place.length + 2];
  return [0xff, 0xd8, ...head, ...place, ...jpeg.subarray(2)];
})()`;

/** Of a Range header. */
function lengthOf(range: string): number {
  const [from = 0, to = Infinity] = range.replace("bytes=", "").split("-").map(Number);
  return to - from + 1;
}

/** A recording of 4 seconds, and then a Void element up to the wanted length. */
const film = (bytes: number) => `(async () => {
  const canvas = document.createElement("canvas");
  canvas.width = 320;
  canvas.height = 180;
  const context = canvas.getContext("2d");
  const recorder = new MediaRecorder(canvas.captureStream(25), { mimeType: "video/webm;codecs=vp8" });
  const parts = [];
  recorder.ondataavailable = ({ data }) => parts.push(data);
  const stopped = new Promise((resolve) => (recorder.onstop = resolve));
  recorder.start();
  const begun = performance.now();
  await new Promise((resolve) => {
    const draw = () => {
      const seconds = (performance.now() - begun) / 1000;
      context.fillStyle = "hsl(" + seconds * 80 + " 70% 50%)";
      context.fillRect(0, 0, 320, 180);
      if (seconds < 4) requestAnimationFrame(draw);
      else resolve();
    };
    draw();
  });
  recorder.stop();
  await stopped;
  const recording = new Blob(parts);
  const rest = ${bytes} - recording.size - 9;
  const size = [];
  for (let left = rest, index = 0; index < 8; index += 1, left = Math.floor(left / 256)) size.unshift(left % 256);
  size[0] = 1;
  const noise = new Uint8Array(65536);
  crypto.getRandomValues(noise);
  const filling = [];
  for (let left = rest; left > 0; left -= noise.length) filling.push(noise.slice(0, Math.min(left, noise.length)));
  const file = new File([recording, new Uint8Array([0xec, ...size]), ...filling], "concert.webm", { type: "video/webm" });
  const chosen = new DataTransfer();
  chosen.items.add(file);
  const input = document.querySelector("[data-attach]");
  input.files = chosen.files;
  input.dispatchEvent(new Event("change", { bubbles: true }));
  return recording.size;
})()`;

test("[AT20] [AT30] a picture arrives as it was, without the place, in a box that was there before it", async () => {
  const picture = Buffer.from(await anna.page.evaluate<number[]>(pictureWithPlace));
  expect(picture.includes("GPS 53.5511")).toBe(true);
  await anna.page
    .locator("[data-attach]")
    .setInputFiles([{ name: "harbour.jpg", mimeType: "image/jpeg", buffer: picture }]);
  await anna.page.getByLabel(text.attachments.caption).fill("the harbour");
  await send(anna.page);
  await ben.page.locator(".tile-sharp").waitFor();
  await ben.until((seen) => seen.at(-1)?.text === "the harbour", "the caption");
  const saved = ben.page.waitForEvent("download");
  await ben.page.getByRole("button", { name: text.attachments.openPicture("harbour.jpg") }).click();
  await ben.page.getByRole("button", { name: text.attachments.save("harbour.jpg") }).click();
  const download = await saved;
  expect(download.suggestedFilename()).toBe("harbour.jpg");
  const bytes: Buffer[] = [];
  for await (const chunk of await download.createReadStream()) bytes.push(Buffer.from(chunk));
  const received = Buffer.concat(bytes);
  expect([received.includes("GPS"), received.length < picture.length]).toEqual([false, true]);
  const box = await ben.page
    .locator(".viewer img")
    .evaluate((image) => ["naturalWidth", "naturalHeight"].map((name): unknown => Reflect.get(image, name)));
  expect(box).toEqual([640, 400]);
  await ben.page.keyboard.press("Escape");
  await anna.until((seen) => seen.at(-1)?.state === text.delivery.read, "the picture read");
});

test("[AT21] a film of 60 MB whose network drops at 60 % goes on from there, also after a reload", async () => {
  const [parts, there]: [string[], Set<string>] = [[], new Set()];
  const partOf = (url: string): string => new URL(url).pathname.split("/").at(-1) ?? "";
  anna.page.on("request", (request) => {
    if (request.method() === "PUT") parts.push(partOf(request.url()));
  });
  anna.page.on("requestfinished", (request) => {
    if (request.method() === "PUT") there.add(partOf(request.url()));
  });
  // The later parts are held until the network is gone, however fast this machine sends.
  let isGone: () => void = () => {};
  const gone = new Promise<void>((resolve) => (isGone = resolve));
  const laterParts = (url: URL): boolean => /\/[678]$/.test(url.pathname);
  await anna.page.route(laterParts, async (route) => {
    if (route.request().method() !== "PUT") return route.continue();
    await gone;
    await route.abort("internetdisconnected");
  });
  await anna.page.evaluate(film(60_000_000));
  const pick = anna.page.getByRole("dialog").getByText("concert.webm");
  await pick.waitFor();
  await send(anna.page);
  await anna.page.getByRole("button", { name: /Cancel sending concert/ }).waitFor({ timeout: 60_000 });
  // Of eight parts.
  await expect.poll(() => there.size, { timeout: 60_000, interval: 5 }).toBe(5);
  await anna.profile.context.setOffline(true);
  isGone();
  await anna.page
    .getByRole("button", { name: new RegExp(text.attachments.waiting) })
    .waitFor({ timeout: 30_000 });
  await anna.page.reload();
  await anna.page.getByRole("button", { name: /Cancel sending concert/ }).waitFor();
  const before = new Set(there);
  parts.length = 0;
  await anna.page.unroute(laterParts);
  await anna.profile.context.setOffline(false);
  await ben.page
    .getByRole("button", { name: text.attachments.play("concert.webm") })
    .waitFor({ timeout: 90_000 });
  const again = parts.filter((part) => before.has(part));
  expect([before.size, again]).toEqual([5, []]);
  await anna.until((seen) => seen.every(({ seq }) => seq !== undefined), "all of it sent", 60_000);
});

test("[AT41] on the other side it plays and jumps, range by range", async () => {
  const ranges: string[] = [];
  ben.profile.context.on("request", (request) => {
    const { pathname } = new URL(request.url());
    if (/\/attachments\/[^/]+$/.test(pathname) && request.method() === "GET")
      ranges.push(request.headers()["range"] ?? "all");
  });
  await ben.page.getByRole("button", { name: text.attachments.play("concert.webm") }).click();
  const video = ben.page.locator(".viewer video");
  await video.waitFor();
  const time = async () => Number(await video.evaluate((film): unknown => Reflect.get(film, "currentTime")));
  await expect.poll(time, { timeout: 30_000 }).toBeGreaterThan(0.3);
  expect(await video.getAttribute("src")).toMatch(/^\/media\/[0-9a-f-]{36}$/);
  await video.evaluate((film) => {
    Reflect.apply(Reflect.get(film, "pause"), film, []);
    Reflect.set(film, "currentTime", 2.5);
  });
  await expect
    .poll(() =>
      video.evaluate(
        (film) => Reflect.get(film, "seeking") === false && Reflect.get(film, "readyState") >= 2,
      ),
    )
    .toBe(true);
  expect(await time()).toBeCloseTo(2.5, 1);
  await video.evaluate((film) => {
    Reflect.set(film, "currentTime", 0.5);
    return Reflect.apply(Reflect.get(film, "play"), film, []);
  });
  await expect.poll(time).toBeGreaterThan(0.8);
  expect(ranges.length).toBeGreaterThan(5);
  expect(Math.max(...ranges.map(lengthOf))).toBeLessThan(1_200_000);
  await ben.page.keyboard.press("Escape");
});

test("[ATTACK 60] an HTML file is a card; its address leads to the app, never to its content", async () => {
  await anna.page.locator("[data-attach]").setInputFiles([
    {
      name: "page.html",
      mimeType: "text/html",
      buffer: Buffer.from("<script>document.title='owned'</script>"),
    },
    {
      name: "drawing.svg",
      mimeType: "image/svg+xml",
      buffer: Buffer.from("<svg xmlns='http://www.w3.org/2000/svg'/>"),
    },
  ]);
  await send(anna.page);
  await ben.page.getByText("page.html").waitFor();
  await ben.page.getByText("drawing.svg").waitFor();
  expect(await ben.page.locator("iframe, object, embed, .tile img[src*='svg']").count()).toBe(0);
  const saved = ben.page.waitForEvent("download");
  await ben.page.getByRole("button", { name: text.attachments.save("page.html") }).click();
  expect((await saved).suggestedFilename()).toBe("page.html");
  expect(await ben.page.title()).not.toBe("owned");
  const streams = await ben.page.evaluate<number>(
    "fetch('/media/anything').then((answer) => answer.text()).then((page) => page.includes('owned') ? 1 : 0)",
  );
  expect(streams).toBe(0);
  expect([...anna.profile.problems, ...ben.profile.problems]).toEqual([]);
});
