/** The states of invite links. */
import { fakeId } from "#test/support/fake-client-data.ts";
import type { State } from "./state.ts";

const choir = `/chat/${fakeId("group-Chamber choir")}`;

export const inviteStates: readonly State[] = [
  { name: "invite-requests-line", path: choir },
  {
    name: "invite-requests",
    path: `${choir}/group`,
    steps: (page) => page.getByText("Asking to join").scrollIntoViewIfNeeded(),
  },
  {
    name: "invite-link",
    path: `${choir}/group`,
    steps: async (page) => {
      await page.getByRole("button", { name: "Link and QR code" }).click();
      await page.getByRole("button", { name: "Copy link" }).waitFor();
    },
  },
  {
    name: "invite-link-end",
    path: `${choir}/group`,
    steps: async (page) => {
      await page.getByRole("button", { name: "Link and QR code" }).click();
      await page.getByText("The part after #").scrollIntoViewIfNeeded();
    },
  },
  {
    name: "invite-none",
    path: `/chat/${fakeId("group-New flat")}/group`,
    steps: (page) => page.getByText("Create an invite link").scrollIntoViewIfNeeded(),
  },
  { name: "invite-join-open", path: "/join#open-1" },
  { name: "invite-join-ask", path: "/join#ask-1" },
  { name: "invite-join-waiting", path: "/join#waiting-1" },
  { name: "invite-join-refused", path: "/join#refused-1" },
  { name: "invite-join-expired", path: "/join#expired-1" },
  { name: "invite-join-wrong", path: "/join#wrong-1" },
  { name: "invite-join-stranger", path: "/join?scene=signed_out#ask-1" },
  {
    name: "invite-join-pending",
    path: "/join#ask-1",
    steps: async (page) => {
      await page.getByRole("button", { name: "Ask to join" }).click();
      await page.getByRole("button", { name: "Done" }).click();
      await page.getByText("Waiting to be let into").waitFor();
    },
  },
];
