/**
 * What must hold of a conversation however badly everybody was treated: nothing lost, nothing twice, one order. Compares
 * what every client has, in the order in which it took it in, with the log that the server gives out.
 */

export interface Entry {
  readonly seq: number;
  readonly clientMessageId: string;
  /** `account.device` where the client tells devices apart, `account` where it does not. */
  readonly sender: string;
}

/** Everything that one client knows about one conversation. */
export interface Witness {
  readonly name: string;
  /** In the order in which the client took it in. */
  readonly log: readonly Entry[];
  /** Own messages, in order of writing, with the sequence number they were acknowledged with. */
  readonly written: readonly { readonly clientMessageId: string; readonly seq: number | undefined }[];
  /** What contradicted something that it had heard before. */
  readonly contradictions: readonly string[];
  /** In a group: when its account was in. Of the last time it has everything, of those before what it got. */
  readonly stays?: readonly { readonly from: number; readonly to: number }[];
}

/** Says what is wrong; empty when nothing is. At most one complaint of each kind and client. */
export function judge(log: readonly Entry[], witnesses: readonly Witness[]): string[] {
  const faults: string[] = [];
  const hole = log.findIndex(({ seq }, index) => seq !== index + 1);
  if (hole !== -1) faults.push(`the log has ${log[hole]?.seq} at place ${hole + 1}`);
  const ids = log.map(({ clientMessageId }) => clientMessageId);
  if (new Set(ids).size !== ids.length)
    faults.push(`the log has ${ids.length - new Set(ids).size} messages twice`);
  const places = new Map(log.map((entry) => [entry.clientMessageId, entry.seq]));
  for (const { name, log: own, written, contradictions, stays } of witnesses) {
    const from = stays?.at(-1)?.from ?? 1;
    const since = own.filter(({ seq }) => seq >= from);
    if (since.length !== log.length - from + 1)
      faults.push(`${name} has ${since.length} of ${log.length - from + 1} messages`);
    const foreign = own.find(
      ({ seq }) => stays?.some((stay) => stay.from <= seq && seq <= stay.to) === false,
    );
    if (foreign !== undefined) faults.push(`${name} got ${foreign.seq} while it was out`);
    const earlier = own.find((entry) => entry.seq < from && !isSame(entry, log[entry.seq - 1]));
    if (earlier !== undefined) faults.push(`${name} has another message at place ${earlier.seq}`);
    const other = since.findIndex((entry, index) => !isSame(entry, log[from + index - 1]));
    if (other !== -1) faults.push(`${name} has another message at place ${from + other}`);
    const lost = written.filter(({ clientMessageId }) => !places.has(clientMessageId));
    if (lost.length > 0) faults.push(`${lost.length} messages of ${name} are lost`);
    const moved = written.filter(({ clientMessageId, seq }) => seq !== places.get(clientMessageId));
    if (moved.length > lost.length)
      faults.push(`${name} was told another place for ${moved.length - lost.length} messages`);
    const order = written.flatMap(({ clientMessageId }) => places.get(clientMessageId) ?? []);
    if (order.some((seq, index) => seq <= (order[index - 1] ?? 0)))
      faults.push(`messages of ${name} changed their order`);
    faults.push(...contradictions.slice(0, 1));
  }
  return faults;
}

function isSame(own: Entry, entry: Entry | undefined): boolean {
  return (
    own.seq === entry?.seq &&
    own.clientMessageId === entry.clientMessageId &&
    (own.sender === entry.sender || entry.sender.startsWith(`${own.sender}.`))
  );
}
