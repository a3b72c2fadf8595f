/** Two people who talk under one implementation, and how fast they are. */
import { median } from "../result.ts";

/** Padded text of a capsule; every side encrypts as many bytes. */
export const plaintextBytes = 256;

export interface Talk {
  /** Encrypts on one side and decrypts on the other; `back` is the direction. */
  exchange(back: boolean): Promise<void> | void;
  /** Encrypts once for a group whose members hold the sender's key, and decrypts at one of them. */
  toGroup(): Promise<void> | void;
}

/** Milliseconds a message: medians over rounds, because the machine is shared. */
export interface TalkTimes {
  readonly oneWayMs: number;
  /** A Diffie-Hellman step in every message. */
  readonly turnsMs: number;
  readonly groupMs: number;
}

export async function timeTalk(talk: Talk, quick: boolean): Promise<TalkTimes> {
  const rounds = quick ? 3 : 7;
  await talk.exchange(false);
  await talk.exchange(true);
  await talk.exchange(false);
  await talk.toGroup();
  let back = true;
  return {
    oneWayMs: await timeEach(rounds, quick ? 400 : 2000, () => talk.exchange(false)),
    turnsMs: await timeEach(rounds, quick ? 100 : 400, () => talk.exchange((back = !back))),
    groupMs: await timeEach(rounds, quick ? 200 : 1000, () => talk.toGroup()),
  };
}

export async function timeEach(
  rounds: number,
  count: number,
  work: () => Promise<void> | void,
): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const startedAt = performance.now();
    for (let index = 0; index < count; index += 1) await work();
    times.push((performance.now() - startedAt) / count);
  }
  return median(times);
}
