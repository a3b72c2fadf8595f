/** The states of groups with pictures, and of choosing one. */
import type { Page } from "playwright-core";
import { pictureText } from "#app/i18n/en-pictures.ts";
import { fakeId } from "#test/support/fake-client-data.ts";
import type { State } from "./state.ts";

const scene = "pictures";
const group = (title: string): string => `/chat/${fakeId(`group-${title}`)}`;
const choir = `${group("Chamber choir")}/group`;
const flat = `${group("New flat")}/group`;

/** A picture that is no square, painted by the page itself. */
const painted = `(async () => {
  const canvas = new OffscreenCanvas(1200, 800);
  const context = canvas.getContext("2d");
  const sky = context.createLinearGradient(0, 0, 1200, 800);
  sky.addColorStop(0, "#f2b705");
  sky.addColorStop(1, "#7a1f5c");
  context.fillStyle = sky;
  context.fillRect(0, 0, 1200, 800);
  context.fillStyle = "#fff8e7";
  context.beginPath();
  context.arc(600, 400, 260, 0, 7);
  context.fill();
  const picture = await canvas.convertToBlob({ type: "image/png" });
  return Array.from(new Uint8Array(await picture.arrayBuffer()));
})()`;

async function choose(page: Page): Promise<void> {
  const buffer = Buffer.from(await page.evaluate<number[]>(painted));
  await page.locator("[data-picture]").setInputFiles({ name: "door.png", mimeType: "image/png", buffer });
  await page.getByAltText(pictureText.preview).waitFor();
}

export const pictureStates: readonly State[] = [
  { name: "picture-list", path: "/", scene },
  { name: "picture-chat", path: group("Chamber choir"), scene },
  { name: "picture-info", path: choir, scene },
  { name: "picture-info-member", path: `${group("Street party")}/group`, scene },
  { name: "picture-none", path: flat, scene },
  {
    name: "picture-menu",
    path: choir,
    scene,
    steps: (page) => page.getByRole("button", { name: pictureText.change }).click(),
  },
  { name: "picture-choose", path: flat, scene, steps: choose },
  {
    name: "picture-unusable",
    path: flat,
    scene,
    steps: async (page) => {
      const file = { name: "notes.png", mimeType: "image/png", buffer: Buffer.from("no picture") };
      await page.locator("[data-picture]").setInputFiles(file);
      await page.getByText(pictureText.unusable).waitFor();
    },
  },
  {
    name: "picture-set",
    path: flat,
    scene,
    steps: async (page) => {
      await choose(page);
      await page.getByRole("button", { name: pictureText.save }).click();
      await page.getByRole("button", { name: pictureText.change }).waitFor();
    },
  },
  {
    name: "picture-offline",
    path: flat,
    scene: "waiting",
    steps: async (page) => {
      await choose(page);
      await page.getByRole("button", { name: pictureText.save }).click();
      await page.getByRole("alert").waitFor();
    },
  },
  {
    name: "picture-new-group",
    path: "/new/group",
    scene,
    steps: async (page) => {
      await page.getByLabel("Usernames").fill("anna");
      await page.keyboard.press("Enter");
      await page.keyboard.press("Enter");
      await page.getByLabel("Group name").fill("Winter concert");
      await choose(page);
      await page.getByRole("button", { name: pictureText.save }).click();
    },
  },
];
