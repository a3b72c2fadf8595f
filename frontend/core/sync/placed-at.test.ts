import { expect, test } from "vitest";
import type { ConversationRecord } from "../store/tables.ts";
import { placedAt } from "./conversations.ts";

const record = { cursor: 0, floor: 0, placed: false, ahead: [3, 9, 10, 12] } as unknown as ConversationRecord;

test("[CL272] where a log begins, the cursor passes what this device has sent there already", () => {
  expect(placedAt(record, 8)).toEqual({ cursor: 10, floor: 8, placed: true, ahead: [12] });
  expect(placedAt(record, 4)).toEqual({ cursor: 4, floor: 4, placed: true, ahead: [9, 10, 12] });
});
