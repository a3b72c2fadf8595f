/** The states of groups. */
import { fakeId } from "#test/support/fake-client-data.ts";
import { pictureStates } from "./picture-states.ts";
import type { State } from "./state.ts";

const group = (title: string): string => `/chat/${fakeId(`group-${title}`)}`;
const station = group("Friday at the old station");

export const groupStates: readonly State[] = [
  { name: "group-busy", path: station },
  { name: "group-unread", path: group("Chamber choir") },
  {
    name: "group-folded",
    path: station,
    steps: async (page) => {
      await page.locator(".log").evaluate((log) => log.scrollTo(0, 0));
      await page.getByRole("button", { name: "4 earlier changes" }).click();
      await page.locator(".log").evaluate((log) => log.scrollTo(0, 0));
    },
  },
  { name: "group-empty", path: group("New flat") },
  { name: "group-contradicted", path: group("Reading circle") },
  { name: "group-held", path: group("Allotment") },
  { name: "group-info-verified", path: `${group("Allotment")}/group` },
  { name: "group-left", path: group("Street party") },
  { name: "group-removed", path: group("Old flat") },
  { name: "group-dissolved", path: group("Summer 2026") },
  { name: "group-info", path: `${station}/group` },
  {
    name: "group-info-end",
    path: `${station}/group`,
    steps: (page) => page.getByRole("button", { name: "Dissolve group" }).scrollIntoViewIfNeeded(),
  },
  { name: "group-info-left", path: `${group("Street party")}/group` },
  {
    name: "group-member-menu",
    path: `${station}/group`,
    steps: async (page) => {
      await page.getByRole("button", { name: "ilse, Member" }).click();
      await page.getByRole("menuitem", { name: "Make admin" }).waitFor();
    },
  },
  {
    name: "group-remove",
    path: `${station}/group`,
    steps: async (page) => {
      await page.getByRole("button", { name: "ilse, Member" }).click();
      await page.getByRole("menuitem", { name: "Remove from group" }).click();
    },
  },
  {
    name: "group-remove-with-link",
    path: `${group("Chamber choir")}/group`,
    steps: async (page) => {
      await page
        .getByRole("button", { name: /^[a-z_.]+, Member$/ })
        .first()
        .click();
      await page.getByRole("menuitem", { name: "Remove from group" }).click();
    },
  },
  {
    name: "group-leave",
    path: `${group("Chamber choir")}/group`,
    steps: (page) => page.getByRole("button", { name: "Leave group" }).click(),
  },
  {
    name: "group-rename",
    path: `${station}/group`,
    steps: (page) => page.getByRole("button", { name: "Change the name" }).click(),
  },
  {
    name: "group-add",
    path: `${group("Chamber choir")}/group`,
    steps: async (page) => {
      await page.getByRole("button", { name: "Add people" }).last().click();
      await page.getByRole("checkbox", { name: "noor" }).check();
    },
  },
  {
    name: "group-add-history",
    path: `${group("Chamber choir")}/group`,
    steps: async (page) => {
      await page.getByRole("button", { name: "Add people" }).last().click();
      await page.getByRole("checkbox", { name: "noor" }).check();
      await page.getByRole("radio", { name: "Last 100" }).last().check();
    },
  },
  { name: "group-given-history", path: group("Boat shed") },
  {
    name: "group-offline",
    path: `${station}/group`,
    scene: "waiting",
    steps: async (page) => {
      await page.getByRole("button", { name: "ilse, Member" }).click();
      await page.getByRole("menuitem", { name: "Make admin" }).click();
      await page.getByRole("alert").waitFor();
    },
  },
  {
    name: "group-message-info",
    path: station,
    steps: async (page) => {
      await page.getByRole("button", { name: "Message info" }).last().click();
      await page.getByText("Delivered to").waitFor();
    },
  },
  { name: "new-group", path: "/new/group" },
  {
    name: "new-group-chosen",
    path: "/new/group",
    steps: async (page) => {
      for (const name of ["anna", "ilse", "wren.the.new.one"]) {
        await page.getByLabel("Usernames").fill(name);
        await page.keyboard.press("Enter");
      }
    },
  },
  {
    name: "new-group-name",
    path: "/new/group",
    steps: async (page) => {
      for (const name of ["anna", "ilse", "jonas", "noor"]) {
        await page.getByLabel("Usernames").fill(name);
        await page.keyboard.press("Enter");
      }
      await page.keyboard.press("Enter");
      await page.getByLabel("Group name").fill("Winter concert");
    },
  },
  {
    name: "new-group-unknown",
    path: "/new/group",
    steps: async (page) => {
      for (const name of ["anna", "nobody.here"]) {
        await page.getByLabel("Usernames").fill(name);
        await page.keyboard.press("Enter");
      }
      await page.keyboard.press("Enter");
      await page.getByLabel("Group name").fill("Winter concert");
      await page.keyboard.press("Enter");
      await page.getByText("Nobody has the username").waitFor();
    },
  },
  ...pictureStates,
];
