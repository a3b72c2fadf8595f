import type { Sql } from "../support/sql.ts";
import { DeviceQueue } from "./device-queue.ts";
import { Devices } from "./devices.ts";
import { Notices } from "./notices.ts";
import { Password } from "./password.ts";
import { Prekeys } from "./prekeys.ts";
import { Profiles } from "./profiles.ts";
import { Resets } from "./resets.ts";
import { Sessions } from "./sessions.ts";
import { Summaries } from "./summaries.ts";

/** The parts of an inbox over one storage. */
export class InboxParts {
  readonly devices: Devices;
  readonly sessions: Sessions;
  readonly prekeys: Prekeys;
  readonly queue: DeviceQueue;
  readonly summaries: Summaries;
  readonly notices: Notices;
  readonly resets: Resets;
  readonly password: Password;
  readonly profiles: Profiles;

  constructor(sql: Sql, now: () => number) {
    this.devices = new Devices(sql);
    this.sessions = new Sessions(sql, this.devices, now);
    this.prekeys = new Prekeys(sql, now);
    this.queue = new DeviceQueue(sql, now);
    this.summaries = new Summaries(sql);
    this.notices = new Notices(sql, now);
    this.resets = new Resets(sql, now);
    this.password = new Password(sql, now);
    this.profiles = new Profiles(sql, now);
  }
}
