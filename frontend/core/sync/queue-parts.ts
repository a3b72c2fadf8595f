/** What is done with to-device messages and prekeys: one chunk, fetched with the first connection and not before the chat list. */
import type { Environment } from "../environment.ts";
import type { Records } from "../store/records.ts";
import { HistorySharing, type SharingLinks } from "./groups/history-sharing.ts";
import { OwnSync } from "./own-sync.ts";
import { PrekeyUpkeep } from "./prekey-upkeep.ts";
import { Repairs } from "./repairs.ts";
import type { Self } from "./self.ts";

export interface QueueParts {
  readonly repairs: Repairs;
  readonly ownSync: OwnSync;
  readonly sharing: HistorySharing;
  readonly prekeys: PrekeyUpkeep;
}

export function createQueueParts(
  environment: Environment,
  records: Records,
  self: Self,
  links: SharingLinks,
): QueueParts {
  const { directory, call } = links;
  return {
    repairs: new Repairs(records, self, directory, call),
    ownSync: new OwnSync(environment, records, self, links),
    sharing: new HistorySharing(environment, records, self, links),
    prekeys: new PrekeyUpkeep(environment, records, self, call),
  };
}
