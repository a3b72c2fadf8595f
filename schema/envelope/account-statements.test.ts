import { expect, test } from "vitest";
import { passwordChangeMessage, recoveryKeyMessage } from "./account-statements.ts";
import { concat } from "./bytes.ts";
import { label } from "./labels.ts";

const fill = (length: number, value: number): Uint8Array<ArrayBuffer> => new Uint8Array(length).fill(value);

const statement = {
  accountId: fill(16, 1),
  sessionId: fill(16, 2),
  replaces: fill(16, 3),
  authKeyDigest: fill(32, 4),
  argon2: { memoryKiB: 65_536, passes: 3 },
  signOutOthers: true,
};

test("[AU86] every field of another password is part of what is signed, at its place", () => {
  const cost = Uint8Array.of(0, 1, 0, 0, 0, 0, 0, 3, 1);
  expect(passwordChangeMessage(statement)).toEqual(
    concat(label("password-change"), fill(16, 1), fill(16, 2), fill(16, 3), fill(32, 4), cost),
  );
});

test("[AU86] fields of another length are refused", () => {
  for (const field of ["accountId", "sessionId", "replaces", "authKeyDigest"]) {
    expect(() => passwordChangeMessage({ ...statement, [field]: fill(17, 1) })).toThrow(RangeError);
  }
});

test("[AU88] the key of a recovery code is signed for an account and a version of its vault", () => {
  const version = Uint8Array.of(0, 0, 1, 2);
  expect(recoveryKeyMessage(fill(16, 1), 258, fill(32, 2))).toEqual(
    concat(label("recovery-key"), fill(16, 1), version, fill(32, 2)),
  );
  expect(() => recoveryKeyMessage(fill(16, 1), 1, fill(31, 2))).toThrow(RangeError);
});
