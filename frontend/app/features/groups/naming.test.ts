import { expect, test } from "vitest";
import { nameView } from "./naming.ts";

test.each([
  ["", { name: "", isGood: false, left: undefined }],
  ["   ", { name: "", isGood: false, left: undefined }],
  ["  Chamber \n choir ", { name: "Chamber choir", isGood: true, left: undefined }],
  ["x".repeat(90), { name: "x".repeat(90), isGood: true, left: 10 }],
  ["x".repeat(101), { name: "x".repeat(101), isGood: false, left: -1 }],
])("the name %j", (typed, view) => {
  expect(nameView(typed)).toEqual(view);
});
