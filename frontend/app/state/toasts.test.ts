import { expect, test } from "vitest";
import { createToasts } from "./toasts.ts";

test("the same sentence is shown once, at most three at a time", () => {
  const toasts = createToasts(() => undefined);
  for (const text of ["a", "b", "a", "c", "d"]) toasts.show(text);
  expect(toasts.shown.value.map((toast) => toast.text)).toEqual(["a", "c", "d"]);
});

test("a toast leaves by itself or when dismissed", () => {
  const later: (() => void)[] = [];
  const toasts = createToasts((task) => later.push(task));
  toasts.show("a");
  toasts.show("b");
  toasts.dismiss(toasts.shown.value[1]?.id ?? 0);
  expect(toasts.shown.value.map((toast) => toast.text)).toEqual(["a"]);
  later.forEach((task) => task());
  expect(toasts.shown.value).toEqual([]);
});
