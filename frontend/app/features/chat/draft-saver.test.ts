import { expect, test, vi } from "vitest";
import { createDraftSaver } from "./draft-saver.ts";

test("a draft is saved once the typing pauses, and never twice the same", () => {
  vi.useFakeTimers();
  const saved: string[] = [];
  const saver = createDraftSaver("", (draft) => saved.push(draft));
  saver.changed("a");
  saver.changed("ab");
  expect(saved).toEqual([]);
  vi.advanceTimersByTime(400);
  saver.flush();
  expect(saved).toEqual(["ab"]);
});

test("leaving saves at once", () => {
  const saved: string[] = [];
  const saver = createDraftSaver("old", (draft) => saved.push(draft));
  saver.flush();
  saver.changed("new");
  saver.flush();
  expect(saved).toEqual(["new"]);
});
