/** What the archive keeps of a message besides its id and body. */
import type { AccountId, DeviceId } from "../../ids.ts";

export interface ArchivedHead {
  readonly senderAccount: AccountId;
  readonly senderDevice: DeviceId;
  readonly serverTimeMs: number;
}

export function encodeArchivedHead({ senderAccount, senderDevice, serverTimeMs }: ArchivedHead): string {
  return `${senderAccount}.${senderDevice}.${serverTimeMs}`;
}

/** Written by `encodeArchivedHead` alone. */
export function decodeArchivedHead(text: string): ArchivedHead {
  const [account = "", device, timeMs] = text.split(".");
  return { senderAccount: account as AccountId, senderDevice: Number(device), serverTimeMs: Number(timeMs) };
}
