/** The part of the core that lets devices in and out. */
import type { DeviceId, SessionId } from "#schema/ids.ts";
import type {
  EndSessionsInput,
  OpenSessionInput,
  PasswordChangeInput,
  PasswordChangeRecord,
  RotateInput,
} from "#schema/rpc/inbox.ts";
import type { Identity } from "#schema/rpc/shared.ts";
import { SottoError } from "#schema/errors.ts";
import type { Sql } from "../support/sql.ts";
import { loadAccount, nextEpoch } from "./account.ts";
import type { InboxChannel } from "./channel.ts";
import { knownAccount } from "./devices.ts";
import type { InboxParts } from "./parts.ts";
import { sessionRevoked } from "./sessions.ts";

export interface InboxContext {
  readonly sql: Sql;
  readonly now: () => number;
  /** Creates or updates the tables; called before anything is written. */
  readonly migrate: () => void;
  /** Conversation objects have something to hear. */
  readonly onNotice: () => void;
}

export abstract class SessionCore {
  protected readonly context: InboxContext;
  protected readonly parts: InboxParts;
  protected readonly channel: InboxChannel;

  constructor(context: InboxContext, parts: InboxParts, channel: InboxChannel) {
    this.context = context;
    this.parts = parts;
    this.channel = channel;
  }

  openSession(input: OpenSessionInput): Identity {
    const account = knownAccount(this.context.sql);
    const ended = this.context.sql.transaction(() => this.parts.sessions.open(input));
    // Whoever else runs as this device stops for it, where an ended session would be renewed.
    this.#sessionsEnded(ended, "replaced");
    return {
      account: account.account,
      device: input.device,
      session: input.session,
      username: account.username,
    };
  }

  rotateSession(input: RotateInput): Identity {
    const { sql } = this.context;
    const account = loadAccount(sql);
    if (account === undefined) throw unauthenticated();
    const rotation = sql.transaction(() => this.parts.sessions.rotate(input));
    if (rotation.type === "unknown") throw unauthenticated();
    if (rotation.type === "reused") {
      const matches = ({ session }: { session: SessionId }) => session === input.session;
      this.#sessionsEnded(sql.transaction(() => this.parts.sessions.end(matches)));
      throw sessionRevoked();
    }
    return {
      account: account.account,
      device: rotation.device,
      session: input.session,
      username: account.username,
    };
  }

  authorize(identity: Identity): void {
    if (loadAccount(this.context.sql) === undefined) throw sessionRevoked();
    if (!this.parts.sessions.isAlive(identity)) throw sessionRevoked();
  }

  /** Ends this session, or those of other devices, or all, and bars the devices concerned from renewing by their key. */
  endSessions({ identity, scope, signOut }: EndSessionsInput): number {
    const { sql } = this.context;
    const { devices, sessions } = this.parts;
    this.authorize(identity);
    let isNews = false;
    const ended = sql.transaction(() => {
      const concerned = devices
        .all()
        .map(({ device }) => device)
        .filter((device) => scope === "everywhere" || (device === identity.device) === (scope === "device"));
      for (const device of concerned) devices.bar(device);
      if (signOut !== undefined && devices.signOut(identity.device, signOut)) {
        isNews = true;
        nextEpoch(sql);
      }
      return sessions.end(({ device }) => concerned.includes(device));
    });
    this.#sessionsEnded(ended);
    if (isNews) this.deviceSetChanged();
    return ended.length;
  }

  /** The password is about to be another one: every device is told before it is, so that no change goes unnoticed. */
  changePassword({ identity, signOutOthers }: PasswordChangeInput): PasswordChangeRecord {
    this.authorize(identity);
    const changedAtMs = this.parts.password.note(identity.device);
    this.channel.passwordChanged();
    const ended = signOutOthers ? this.endSessions({ identity, scope: "others" }) : 0;
    return { changedAtMs, ended };
  }

  /** Takes the verified statement of a device that wiped itself; its sessions, if any are left, are over. */
  signOut(device: DeviceId, statement: string): void {
    const { sql } = this.context;
    knownAccount(sql);
    let isNews = false;
    const ended = sql.transaction(() => {
      isNews = this.parts.devices.signOut(device, statement);
      if (isNews) nextEpoch(sql);
      return this.parts.sessions.end((session) => session.device === device);
    });
    this.#sessionsEnded(ended);
    if (isNews) this.deviceSetChanged();
  }

  protected deviceSetChanged(): void {
    const { account } = knownAccount(this.context.sql);
    this.channel.devicesChanged(account, this.parts.devices.version());
    this.context.onNotice();
  }

  #sessionsEnded(
    ended: readonly SessionId[],
    reason: "session_revoked" | "replaced" = "session_revoked",
  ): void {
    if (ended.length === 0) return;
    this.channel.sessionsEnded(ended, reason);
    this.context.onNotice();
  }
}

function unauthenticated(): SottoError {
  return new SottoError("unauthenticated", "This session does not exist.");
}
