/** The HTTP routes of the fake server. */
import * as v from "valibot";
import { decodeBase64url } from "#schema/envelope/base64url.ts";
import { parseSignOutStatement } from "#schema/envelope/device-statements.ts";
import { SottoError } from "#schema/errors.ts";
import { setPrivacy } from "#schema/http/privacy.ts";
import * as auth from "#schema/http/auth.ts";
import { createConversation } from "#schema/http/conversations.ts";
import { claimBundles, uploadPrekeys } from "#schema/http/devices.ts";
import { putRecoveryKey } from "#schema/http/vault.ts";
import type { AccountId } from "#schema/ids.ts";
import { type FakeAccount, randomId } from "./fake-accounts.ts";
import { FakeConversation } from "./fake-conversations.ts";
import type { FakeServer } from "./fake-server.ts";

/** `data` of the answer. Throws `SottoError`. */
export function answerRoute(server: FakeServer, url: URL, init: RequestInit): unknown {
  const body: unknown = typeof init.body === "string" ? JSON.parse(init.body) : undefined;
  const parts = url.pathname.split("/").slice(2).map(decodeURIComponent);
  if (parts[0] === "auth") return answerAuth(server, parts.slice(1).join("/"), body, init);
  const { account, device } = caller(server, init);
  const { accounts, conversations } = server;
  if (parts[0] === "backup") {
    const who = { account: account.account, deviceId: device.deviceId };
    return server.backups.answer(who, init.method ?? "GET", parts.slice(1), body);
  }
  switch (`${init.method} ${parts[0]} ${parts[2] ?? ""}`.trim()) {
    case "GET users": {
      const found = accounts.byName(parts[1] ?? "");
      if (found === undefined) throw new SottoError("not_found", "Nobody.");
      return { account: found.account, username: found.username };
    }
    case "GET accounts devices":
      return accounts.directory(accounts.get(parts[1] ?? ""), Number(url.searchParams.get("after") ?? 0));
    case "POST accounts bundles": {
      const { devices } = v.parse(claimBundles.request, body);
      const owner = accounts.get(parts[1] ?? "");
      const bundles = devices.flatMap((deviceId) => {
        const target = owner.devices.get(deviceId);
        if (target === undefined) return [];
        const oneTimePrekey = target.oneTime.shift();
        const pqPrekey = target.oneTimePq.shift() ?? target.signed.lastResort;
        const { signedPrekey } = target.signed;
        return [{ deviceId, signedPrekey, pqPrekey, ...(oneTimePrekey !== undefined && { oneTimePrekey }) }];
      });
      return { bundles };
    }
    case "POST prekeys": {
      accounts.addPrekeys(device, v.parse(uploadPrekeys.request, body));
      const { oneTime, oneTimePq, signedCreatedAtMs } = device;
      const signedPrekeyCreatedAtMs = signedCreatedAtMs;
      return { oneTime: oneTime.length, oneTimePq: oneTimePq.length, signedPrekeyCreatedAtMs };
    }
    case "POST conversations": {
      const { account: peer } = v.parse(createConversation.request, body);
      const known = [...conversations.values()].find(
        ({ members }) => members.includes(peer) && members.includes(account.account),
      );
      const conversation = known ?? new FakeConversation(accounts, [account.account, peer]);
      conversations.set(conversation.id, conversation);
      return conversation.summary(account.account);
    }
    case "PUT vault": {
      account.recoveryKey = v.parse(putRecoveryKey.request, body).recoveryKey;
      return {};
    }
    case "GET privacy":
      return { presence: server.presenceAudience.get(account.account) ?? "contacts" };
    case "PUT privacy": {
      const { presence } = v.parse(setPrivacy.request, body);
      server.presenceAudience.set(account.account, presence);
      return { presence };
    }
    case "GET conversations messages": {
      const conversation = conversations.get(parts[1] ?? "");
      if (conversation === undefined) throw new SottoError("not_found", "No such conversation.");
      const limit = Number(url.searchParams.get("limit") ?? 50);
      const before = Number(url.searchParams.get("before") ?? Infinity);
      const after = url.searchParams.get("after");
      const older = conversation.log.filter(({ seq }) =>
        after === null ? seq < before : seq > Number(after),
      );
      const page = after === null ? older.slice(-limit) : older.slice(0, limit);
      const to = { account: account.account, deviceId: device.deviceId };
      return {
        messages: page.map((message) => conversation.event(message, to)),
        more: older.length > page.length,
      };
    }
    default:
      throw new SottoError("not_found", "No such route.");
  }
}

function answerAuth(server: FakeServer, path: string, body: unknown, init: RequestInit): unknown {
  const { accounts } = server;
  switch (path) {
    case "register/begin": {
      const { username } = v.parse(auth.registerBegin.request, body);
      if (accounts.byName(username) !== undefined) throw new SottoError("username_taken", "Taken.");
      const account = randomId();
      return { account, ticket: `${account}/${username}` };
    }
    case "register": {
      const input = v.parse(auth.register.request, body);
      const [account = "", username = ""] = input.ticket.split("/");
      const made: FakeAccount = {
        account: account as AccountId,
        username,
        salt: input.salt,
        argon2: { ...input.argon2 },
        authKey: input.authKey,
        vault: input.vault,
        recoveryKey: input.recoveryKey,
        lists: [],
        certificates: [],
        signOuts: [],
        devices: new Map(),
      };
      accounts.byId.set(made.account, made);
      return accounts.enrol(made, input.device, input.deviceName);
    }
    case "parameters": {
      const { username } = v.parse(auth.loginParameters.request, body);
      const { salt, argon2 } = accounts.byName(username) ?? {
        salt: "AAAAAAAAAAAAAAAAAAAAAA",
        argon2: { memoryKiB: 65_536, passes: 3, lanes: 1 },
      };
      return { salt, argon2 };
    }
    case "login": {
      const { username, authKey } = v.parse(auth.login.request, body);
      const found = accounts.byName(username);
      if (found?.authKey !== authKey) throw new SottoError("wrong_credentials", "No.");
      const { account, vault, recoveryKey } = found;
      const devices = accounts.directory(found);
      return { account, ticket: account, vault, devices, hasRecoveryKey: recoveryKey !== undefined };
    }
    case "device": {
      const input = v.parse(auth.enrolDevice.request, body);
      return accounts.enrol(accounts.get(input.ticket), input.device, input.deviceName);
    }
    case "device/ticket": {
      const { account: found } = caller(server, init);
      const { account, salt, vault, recoveryKey } = found;
      const devices = accounts.directory(found);
      const given = { account, ticket: account, salt, vault, devices, passwordId: "AAAAAAAAAAAAAAAAAAAAAA" };
      return { ...given, hasRecoveryKey: recoveryKey !== undefined };
    }
    case "refresh": {
      const { refreshToken } = v.parse(auth.refresh.request, body);
      for (const account of accounts.byId.values()) {
        for (const device of account.devices.values()) {
          if (device.refreshToken === refreshToken) return accounts.session(account, device);
        }
      }
      throw new SottoError("unauthenticated", "Spent.");
    }
    case "renew/challenge": {
      const { account, deviceId } = v.parse(auth.renewChallenge.request, body);
      return { challenge: randomId(32), ticket: `${account}/${deviceId}` };
    }
    case "renew": {
      const { ticket } = v.parse(auth.renew.request, body);
      const [id = "", deviceId = ""] = ticket.split("/");
      const account = accounts.get(id);
      const device = account.devices.get(Number(deviceId));
      if (device === undefined || device.revoked) throw new SottoError("session_revoked", "Ended.");
      return accounts.session(account, device);
    }
    case "logout": {
      const { account, device } = caller(server, init);
      const { signOut } = v.parse(auth.logout.request, body);
      device.revoked = true;
      if (signOut !== undefined) account.signOuts.push({ deviceId: device.deviceId, statement: signOut });
      return { ended: 1 };
    }
    case "sign-out": {
      const { statement } = v.parse(auth.signOut.request, body);
      const { deviceId, accountId } = parseSignOutStatement(decodeBase64url(statement));
      for (const account of accounts.byId.values()) {
        if (decodeBase64url(account.account).join() === accountId.join()) {
          account.signOuts.push({ deviceId, statement });
        }
      }
      return {};
    }
    default:
      throw new SottoError("not_found", "No such route.");
  }
}

function caller(server: FakeServer, init: RequestInit) {
  const header = new Headers(init.headers).get("authorization") ?? "";
  const who = server.accounts.tokens.get(header.replace("Bearer ", ""));
  if (who === undefined) throw new SottoError("token_expired", "Expired.");
  const account = server.accounts.get(who.account);
  const device = account.devices.get(who.deviceId);
  if (device === undefined || device.revoked) throw new SottoError("session_revoked", "Ended.");
  return { account, device };
}
