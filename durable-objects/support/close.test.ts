import { expect, test } from "vitest";
import { answerClose, answerCode, closeFor } from "./close.ts";

test.each([
  [1000, 1000],
  [1001, 1001],
  [4001, 4001],
  [1005, 1000],
  [1006, undefined],
  [1015, undefined],
])("[WS7] a close with %s is answered with %s", (received, answered) => {
  expect(answerCode(received)).toBe(answered);
  const calls: unknown[] = [];
  answerClose({ close: (...args) => calls.push(args) }, received, "bye");
  expect(calls).toEqual(answered === undefined ? [] : [[answered, "bye"]]);
});

test("[WS7] a socket that refuses the close is left alone", () => {
  const socket = {
    close() {
      throw new TypeError("invalid code");
    },
  };
  expect(() => answerClose(socket, 9999, "bye")).not.toThrow();
});

test("[WS1] a refusal closes with the code and its name", () => {
  const calls: unknown[] = [];
  closeFor({ close: (...args) => calls.push(args) }, "not_found");
  expect(calls).toEqual([[4404, "not_found"]]);
});
