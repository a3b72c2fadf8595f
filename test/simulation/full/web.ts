/**
 * The Worker of the simulation: routes and upgrades as the client speaks them, over the simulated objects. It trusts
 * every signature, because nobody here forges one; tokens are names that it remembers.
 */
import { createHash } from "node:crypto";
import * as v from "valibot";
import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";
import { parseSignOutStatement } from "#schema/envelope/device-statements.ts";
import { SottoError } from "#schema/errors.ts";
import * as auth from "#schema/http/auth.ts";
import { createConversation } from "#schema/http/conversations.ts";
import {
  claimBundles,
  type DeviceEnrolment,
  publishDeviceList,
  uploadPrekeys,
} from "#schema/http/devices.ts";
import type { AccountId, ConversationId, DeviceId, SessionId } from "#schema/ids.ts";
import { answerRpc, unwrap } from "#schema/rpc/result.ts";
import type { Identity } from "#schema/rpc/shared.ts";
import { FakeBackups } from "#test/support/client/fake-backups.ts";
import type { InboxHost } from "../inbox-host.ts";
import { idOf } from "../sealed.ts";
import { usernameOf, type World } from "../world.ts";
import { GroupWeb } from "./group-web.ts";

const accessLifeMs = 15 * 60_000;
const refreshLifeMs = 7 * 86_400_000;

interface Registered {
  readonly salt: string;
  readonly argon2: auth.Argon2Cost;
  readonly authKey: string;
  readonly vault: auth.SealedVault;
}

export interface WebRequest {
  readonly method: string;
  readonly url: URL;
  readonly body: unknown;
  readonly token: string | undefined;
  /** The bytes that are asked for. */
  readonly range: { readonly from: number; readonly below: number } | undefined;
}

export class Web {
  readonly #world: World;
  readonly #backups = new FakeBackups();
  readonly #groups: GroupWeb;
  readonly #directory = new Map<AccountId, Registered>();
  readonly #access = new Map<string, { readonly identity: Identity; readonly expiresAtMs: number }>();

  constructor(world: World) {
    this.#world = world;
    this.#groups = new GroupWeb(world);
  }

  /** `data` of the answer. Throws `SottoError`, or anything when a call got lost. */
  answer(request: WebRequest): Promise<unknown> {
    const [area = "", ...rest] = request.url.pathname.split("/").slice(2).map(decodeURIComponent);
    if (area === "auth") return this.#auth(rest.join("/"), request);
    return area === "backup" ? this.#backup(rest, request) : this.#api(area, rest, request);
  }

  /** Who a token speaks for. Throws `token_expired`, `session_revoked`, or anything when the call got lost. */
  async authenticate(token: string | undefined): Promise<Identity> {
    const known = token === undefined ? undefined : this.#access.get(token);
    if (known === undefined || known.expiresAtMs <= this.#world.sim.clock.nowMs) {
      throw new SottoError("token_expired", "Expired.");
    }
    await this.#inbox(known.identity.account, "authorize", (inbox) => inbox.core.authorize(known.identity));
    return known.identity;
  }

  async #backup(rest: readonly string[], { method, body, token }: WebRequest): Promise<unknown> {
    const { account, device } = await this.authenticate(token);
    return this.#backups.answer({ account, deviceId: device }, method, rest, body);
  }

  async #auth(path: string, { body, token }: WebRequest): Promise<unknown> {
    const world = this.#world;
    switch (path) {
      case "register/begin": {
        const { username } = v.parse(auth.registerBegin.request, body);
        return { account: this.#named(username), ticket: username };
      }
      case "register": {
        const { ticket, device, deviceName, ...registered } = v.parse(auth.register.request, body);
        const account = this.#named(ticket);
        await this.#enrol(account, device, deviceName, true);
        this.#directory.set(account, registered);
        return this.#openSession(account, device.deviceId);
      }
      case "parameters": {
        const { salt, argon2 } = this.#registered(v.parse(auth.loginParameters.request, body).username);
        return { salt, argon2 };
      }
      case "login": {
        const { username, authKey } = v.parse(auth.login.request, body);
        const found = this.#registered(username);
        if (found.authKey !== authKey) throw new SottoError("wrong_credentials", "No.");
        const account = this.#named(username);
        const devices = await this.#inbox(account, "directory", (inbox) => inbox.core.directory(0));
        return { account, ticket: username, vault: found.vault, devices, hasRecoveryKey: true };
      }
      case "device": {
        const { ticket, device, deviceName } = v.parse(auth.enrolDevice.request, body);
        const account = this.#named(ticket);
        await this.#enrol(account, device, deviceName, false);
        return this.#openSession(account, device.deviceId);
      }
      case "device/ticket": {
        const { account, username } = await this.authenticate(token);
        const { salt, vault } = this.#registered(username);
        const devices = await this.#inbox(account, "directory", (inbox) => inbox.core.directory(0));
        const password = { passwordId: "the one in force", hasRecoveryKey: false };
        return { account, ticket: username, salt, vault, devices, ...password };
      }
      case "refresh": {
        const presented = v.parse(auth.refresh.request, body).refreshToken ?? "";
        const [account, session] = presented.split(".") as [AccountId, SessionId];
        const next = `${account}.${session}.${world.nextId()}`;
        const expiresAtMs = world.sim.clock.nowMs + refreshLifeMs;
        const rotation = { session, presentedHash: hashOf(presented), nextHash: hashOf(next), expiresAtMs };
        const identity = await this.#inbox(account, "rotate", (inbox) => inbox.core.rotateSession(rotation));
        return this.#session(identity, next);
      }
      case "renew/challenge": {
        const { account, deviceId } = v.parse(auth.renewChallenge.request, body);
        return { challenge: encodeBase64url(new Uint8Array(32)), ticket: `${account}/${deviceId}` };
      }
      case "renew": {
        const [account, device] = v.parse(auth.renew.request, body).ticket.split("/") as [AccountId, string];
        return this.#openSession(account, Number(device));
      }
      case "logout": {
        const identity = await this.authenticate(token);
        const { scope, signOut } = v.parse(auth.logout.request, body);
        const ended = await this.#inbox(identity.account, "end sessions", (inbox) =>
          inbox.core.endSessions({ identity, scope, signOut }),
        );
        return { ended };
      }
      case "sign-out": {
        const { statement } = v.parse(auth.signOut.request, body);
        const { accountId, deviceId } = parseSignOutStatement(decodeBase64url(statement));
        const account = encodeBase64url(accountId) as AccountId;
        await this.#inbox(account, "sign out", (inbox) => inbox.core.signOut(deviceId, statement));
        return {};
      }
      default:
        throw new SottoError("not_found", "No such route.");
    }
  }

  async #api(area: string, parts: readonly string[], request: WebRequest): Promise<unknown> {
    const [first = "", second = ""] = parts;
    if (parts[2] === "preview") return this.#groups.preview(first, request);
    const identity = await this.authenticate(request.token);
    const answer = area === "conversations" ? this.#groups.answer(identity, parts, request) : undefined;
    if (answer !== undefined) return answer;
    const { method, url, body } = request;
    const number = (name: string): number | undefined =>
      url.searchParams.has(name) ? Number(url.searchParams.get(name)) : undefined;
    switch (`${method} ${area} ${second}`.trim()) {
      case "GET users":
        this.#registered(first);
        return { account: this.#named(first), username: first };
      case "GET accounts devices":
        return this.#inbox(first as AccountId, "directory", (inbox) =>
          inbox.core.directory(number("after") ?? 0),
        );
      case "POST accounts bundles": {
        const { devices } = v.parse(claimBundles.request, body);
        const claim = { requester: identity.account, devices };
        return {
          bundles: await this.#inbox(first as AccountId, "claim", (inbox) => inbox.core.claimBundles(claim)),
        };
      }
      case "PUT devices": {
        const { deviceList } = v.parse(publishDeviceList.request, body);
        await this.#inbox(identity.account, "publish list", (inbox) => inbox.publishList(deviceList));
        return {};
      }
      case "POST prekeys": {
        const prekeys = v.parse(uploadPrekeys.request, body);
        return this.#inbox(identity.account, "prekeys", (inbox) =>
          inbox.core.addPrekeys(identity.device, prekeys),
        );
      }
      case "POST conversations": {
        const { account } = v.parse(createConversation.request, body);
        return unwrap(await this.#world.createConversation(identity.account, account));
      }
      case "GET conversations messages": {
        const host = this.#world.conversations.get(first as ConversationId);
        if (host === undefined) throw new SottoError("not_found", "Nothing here.");
        const input = {
          identity,
          limit: number("limit") ?? 50,
          before: number("before"),
          after: number("after"),
        };
        const { messages, more } = unwrap(await this.#world.call(host, "page", () => host.page(input)));
        return { messages, more };
      }
      default:
        throw new SottoError("not_found", "No such route.");
    }
  }

  #enrol(account: AccountId, device: DeviceEnrolment, deviceName: string, genesis: boolean): Promise<void> {
    const { deviceId, deviceList, certificate, prekeys } = device;
    const known = { account, username: usernameOf(account), deviceName, genesis };
    return this.#inbox(account, "enrol", (inbox) =>
      inbox.enrol({ ...known, device: deviceId, deviceList, certificate, prekeys }),
    );
  }

  async #openSession(account: AccountId, device: DeviceId): Promise<unknown> {
    const session = idOf("s", this.#world.nextId()) as SessionId;
    const token = `${account}.${session}.${this.#world.nextId()}`;
    const expiresAtMs = this.#world.sim.clock.nowMs + refreshLifeMs;
    const opening = { device, tokenHash: hashOf(token), session, expiresAtMs };
    const identity = await this.#inbox(account, "open session", (inbox) => inbox.core.openSession(opening));
    return this.#session(identity, token);
  }

  #session(identity: Identity, refreshToken: string): unknown {
    const { nowMs } = this.#world.sim.clock;
    const accessToken = `access-${this.#world.nextId()}`;
    const accessExpiresAtMs = nowMs + accessLifeMs;
    this.#access.set(accessToken, { identity, expiresAtMs: accessExpiresAtMs });
    const { account, username, device: deviceId, session: sessionId } = identity;
    return {
      account,
      username,
      deviceId,
      sessionId,
      accessToken,
      accessExpiresAtMs,
      serverTimeMs: nowMs,
      refreshToken,
    };
  }

  async #inbox<Value>(account: AccountId, label: string, work: (inbox: InboxHost) => Value): Promise<Value> {
    const { inbox } = this.#world.accountOf(account);
    return unwrap(await this.#world.call(inbox, label, () => answerRpc(() => work(inbox))));
  }

  #named(username: string): AccountId {
    const found = this.#world.accounts.find(({ key }) => usernameOf(key.account) === username);
    if (found === undefined) throw new SottoError("not_found", "Nobody.");
    return found.key.account;
  }

  #registered(username: string): Registered {
    const found = this.#directory.get(this.#named(username));
    if (found === undefined) throw new SottoError("not_found", "Nobody.");
    return found;
  }
}

const hashOf = (text: string): string => createHash("sha256").update(text).digest("base64url");
