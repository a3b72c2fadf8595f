/** What an inbox passes on to conversations, and what it keeps for another try. */
import { expect, test } from "vitest";
import { Notices } from "#durable-objects/inbox/notices.ts";
import { Postman } from "#durable-objects/inbox/postman.ts";
import type { ErrorKind } from "#schema/errors.ts";
import { migrate } from "#durable-objects/support/migrate.ts";
import { anna, conversationId, deviceSet } from "../support/conversation-rig.ts";
import { migrationsOf, nodeSql } from "../support/node-sql.ts";

function openPostman(refusal: ErrorKind, devices: number[]) {
  const sql = nodeSql();
  migrate(sql, migrationsOf("inbox"));
  const notices = new Notices(sql, () => 0);
  notices.addReceipt(conversationId, 2, 7, 0);
  const answer = { ok: false, kind: refusal, message: "no" } as const;
  const postman = new Postman({
    notices,
    set: () => deviceSet(anna, devices),
    conversation: () => ({
      accountChanged: () => Promise.resolve(answer),
      receipts: () => Promise.resolve(answer),
    }),
  });
  return { postman, owed: () => notices.owedReceipts(10) };
}

test("[IN7] a receipt of a device that its conversation has not heard of is kept for another try", async () => {
  const { postman, owed } = openPostman("unavailable", [1, 2]);
  await expect(postman.tellReceipts()).rejects.toThrow("has not heard");
  expect(owed()).toEqual([{ conversationId, device: 2, delivered: 7, read: 0 }]);
});

test.each<readonly [string, ErrorKind, number[]]>([
  ["of a device that is gone", "unavailable", [1]],
  ["that is refused for good", "not_found", [1, 2]],
])("[IN7] a receipt %s is dropped", async (_name, refusal, devices) => {
  const { postman, owed } = openPostman(refusal, devices);
  await postman.tellReceipts();
  expect(owed()).toEqual([]);
});
