/** Keeps a session alive: refreshes the access token before it expires, and renews it with the device's key. */
import { SottoError } from "#schema/errors.ts";
import { refresh, renew, renewChallenge, type Session } from "#schema/http/auth.ts";
import type { AccountId, DeviceId, SessionId } from "#schema/ids.ts";
import type { Environment } from "../environment.ts";
import { callRoute } from "./http.ts";

/** A token with less life than this left is refreshed before it is used. */
export const marginMs = 60_000;

export interface TokenOwner {
  readonly account: AccountId;
  readonly deviceId: DeviceId;
  readonly refreshToken?: string;
  /** SIG(DSK) over the server's challenge, both base64url (CRYPTO 2.1, `signSessionRenewal`). */
  signChallenge(challenge: string): string;
  /** A new session is in force; its refresh token is made durable before the access token is used. */
  renewed(session: Session): Promise<void>;
  /** The server will not give this device a session again. */
  ended(reason: "logged_out" | "security"): void;
}

/** Access tokens of one signed-in device. At most one refresh is under way at any time. */
export class Tokens {
  readonly #environment: Environment;
  readonly #owner: TokenOwner;
  #refreshToken: string | undefined;
  #current: { readonly token: string; readonly expiresAtMs: number } | undefined;
  #underWay: Promise<string> | undefined;
  #clockOffsetMs = 0;
  #sessionId: SessionId | undefined;
  #isHeld = false;

  constructor(environment: Environment, owner: TokenOwner) {
    this.#environment = environment;
    this.#owner = owner;
    this.#refreshToken = owner.refreshToken;
  }

  /** The local clock, moved to the server's by the last session answer (attack 12). */
  serverNowMs(): number {
    return this.#environment.nowMs() + this.#clockOffsetMs;
  }

  /** Takes a session that was just opened. */
  adopt(session: Session): void {
    this.#clockOffsetMs = session.serverTimeMs - this.#environment.nowMs();
    this.#current = { token: session.accessToken, expiresAtMs: session.accessExpiresAtMs };
    this.#sessionId = session.sessionId;
    if (session.refreshToken !== undefined) this.#refreshToken = session.refreshToken;
  }

  /** The session in force; undefined before the first one. */
  get sessionId(): SessionId | undefined {
    return this.#sessionId;
  }

  /** Another token is being fetched, and perhaps another session opened. */
  get isReplacing(): boolean {
    return this.#underWay !== undefined;
  }

  /** While held no token is given or fetched, so that whoever else has opened a session as this device keeps it. */
  hold(isHeld: boolean): void {
    this.#isHeld = isHeld;
  }

  /** A token that is good for at least a minute. Throws `SottoError`: `unavailable` while held, `session_revoked` after `ended` was called. */
  access(): Promise<string> {
    if (this.#isHeld) return Promise.reject(new SottoError("unavailable", "Another copy is connected."));
    const current = this.#current;
    if (current !== undefined && current.expiresAtMs - this.serverNowMs() > marginMs) {
      return Promise.resolve(current.token);
    }
    this.#underWay ??= this.#replace().finally(() => {
      this.#underWay = undefined;
    });
    return this.#underWay;
  }

  /** The token in force, without asking the server. */
  tryCurrent(): string | undefined {
    return this.#current?.token;
  }

  /** How long `token` is good for, by the server's clock; undefined when it is not the one in force. */
  lifeMs(token: string): number | undefined {
    return this.#current?.token === token ? this.#current.expiresAtMs - this.serverNowMs() : undefined;
  }

  /** The server refused `token`: the next `access` gets another one. */
  invalidate(token: string): void {
    if (this.#current?.token === token) this.#current = undefined;
  }

  async #replace(): Promise<string> {
    const refreshed = await this.#tryRefresh();
    // The browser's cookie may be that of an account that was signed in here before.
    const session = refreshed !== undefined && this.#isOwn(refreshed) ? refreshed : await this.#renew();
    if (!this.#isOwn(session))
      throw new SottoError("internal", "The server opened a session of another device.");
    this.adopt(session);
    await this.#owner.renewed(session);
    return session.accessToken;
  }

  #isOwn({ account, deviceId }: Session): boolean {
    return account === this.#owner.account && deviceId === this.#owner.deviceId;
  }

  /** Undefined when the refresh token is spent, expired or lost: the device's key may still open a session. */
  async #tryRefresh(): Promise<Session | undefined> {
    const inBody = this.#environment.refreshTransport === "body";
    if (inBody && this.#refreshToken === undefined) return undefined;
    const body = inBody && this.#refreshToken !== undefined ? { refreshToken: this.#refreshToken } : {};
    try {
      return await callRoute(this.#environment, refresh, { body });
    } catch (error) {
      if (error instanceof SottoError && error.remedy === "reauthenticate") return undefined;
      throw error;
    }
  }

  async #renew(): Promise<Session> {
    const { account, deviceId } = this.#owner;
    try {
      const { challenge, ticket } = await callRoute(this.#environment, renewChallenge, {
        body: { account, deviceId },
      });
      const signature = this.#owner.signChallenge(challenge);
      const refreshTransport = this.#environment.refreshTransport;
      return await callRoute(this.#environment, renew, { body: { ticket, signature, refreshTransport } });
    } catch (error) {
      if (error instanceof SottoError) {
        if (error.kind === "session_revoked" || error.kind === "unauthenticated")
          this.#owner.ended("logged_out");
        if (error.kind === "bad_signature") this.#owner.ended("security");
      }
      throw error;
    }
  }
}
