/**
 * A light device: it speaks the frames of the real client and follows its rules (store, then acknowledge; apply
 * without holes; the same bytes again until refused), without ciphers, so that ten thousand seeds are affordable.
 */
import { type AccountId, type ConversationId, deviceAddressKey, type SessionId } from "#schema/ids.ts";
import type { DownEvent } from "#schema/protocol/down.ts";
import type { Summary } from "#schema/rpc/shared.ts";
import type { Channel, DeviceContext } from "./device-context.ts";
import { takeGroupEntry } from "./group-entry.ts";
import { idOf, opens } from "./sealed.ts";
import { KnownSets } from "./known-sets.ts";
import { Letters } from "./letters.ts";
import { Sending } from "./sending.ts";
import type { Copy, GroupCopy, OutboxEntry, StrictShelf } from "./shelf.ts";
import type { Down } from "./link.ts";

type Batched = DownEvent | { readonly type: "batch"; readonly events: readonly DownEvent[] };

export class SimDevice {
  readonly key: string;
  readonly account: AccountId;
  readonly device: number;
  readonly shelf: StrictShelf;
  session: SessionId;
  /** Revoked, signed out or shut out, as everyone but the device knows already. */
  isEnded = false;
  isOnline = false;
  readonly #context: DeviceContext;
  #life = 0;
  #inbox: Channel | undefined;
  readonly #channels = new Map<ConversationId, Channel>();
  readonly #screen = new Set<ConversationId>();
  /** Newest sequence number heard of. */
  readonly #heads = new Map<ConversationId, number>();
  readonly #sending: Sending;
  readonly #sets: KnownSets;
  readonly #letters: Letters;
  #incoming: { readonly channel: Channel; readonly events: readonly DownEvent[] }[] = [];
  #isRenewing = false;

  constructor(context: DeviceContext, account: AccountId, device: number, session: SessionId) {
    this.#context = context;
    this.account = account;
    this.device = device;
    this.session = session;
    this.key = deviceAddressKey(account, device);
    this.shelf = context.sim.variant.shelf();
    const later = (delayMs: number, run: () => void): void => this.#later(delayMs, run);
    this.#sets = new KnownSets(context, this.shelf, () => this.#tend());
    this.#sending = new Sending(context, { device: this, sets: this.#sets, later, tend: () => this.#tend() });
    this.#letters = new Letters(context, this.shelf, (frame) => {
      if (this.#inbox?.isLive === true) this.#inbox.link.sendUp(JSON.stringify(frame));
    });
  }

  goOnline(): void {
    if (this.isOnline || this.isEnded) return;
    this.isOnline = true;
    this.#tend();
  }

  /** Memory is gone; what was received and not stored is gone with it. */
  stop(): void {
    this.isOnline = false;
    this.#life += 1;
    for (const channel of [this.#inbox, ...this.#channels.values()]) channel?.link.close();
    this.#inbox = undefined;
    this.#channels.clear();
    this.#incoming = [];
    this.#sending.connectionLost();
    this.#sets.stop();
    this.#isRenewing = false;
  }

  get links() {
    return [this.#inbox, ...this.#channels.values()].flatMap((channel) =>
      channel === undefined ? [] : [channel.link],
    );
  }

  write(copy: Copy): void {
    const id = idOf("m", this.#context.nextId()) as OutboxEntry["id"];
    copy.outbox.push({ id, type: "message", frame: undefined, given: undefined });
    this.#tend();
  }

  writeLetter(account: AccountId, device: number): void {
    this.#letters.write(account, device);
  }

  read(copy: Copy): void {
    copy.read = copy.cursor;
    this.#sending.receiptsRose(copy.conversationId);
    this.#tend();
  }

  toggleScreen(copy: Copy): void {
    if (!this.#screen.delete(copy.conversationId)) this.#screen.add(copy.conversationId);
    this.#tend();
  }

  learn(summary: Summary): void {
    const copy = this.shelf.copy(summary.conversationId, () =>
      summary.kind === "direct"
        ? { peer: summary.peer.account, group: undefined }
        : { peer: undefined, group: this.#newGroup() },
    );
    if (copy.group !== undefined && summary.kind === "group") copy.group.isLeft = summary.group.left;
    copy.read = Math.max(copy.read, Math.min(summary.read, copy.cursor));
    this.#heard(copy.conversationId, summary.lastSeq);
  }

  /** The session ended without this device's doing: prove possession of the device key again. */
  renew(): void {
    if (this.#isRenewing) return;
    this.#isRenewing = true;
    void this.#openSession();
  }

  async #openSession(): Promise<void> {
    const life = this.#life;
    const session = idOf("s", this.#context.nextId()) as SessionId;
    const outcome = await this.#context.openSession(this, session);
    if (this.#life !== life) return;
    if (outcome === "failed") return this.#later(1_000, () => void this.#openSession());
    this.#isRenewing = false;
    if (outcome === "refused") {
      if (!this.isEnded) this.#context.sim.oracle.violate(`${this.key}: was shut out`);
      return this.stop();
    }
    this.session = session;
    this.#tend();
  }

  #tend(): void {
    if (!this.isOnline || this.#isRenewing) return;
    this.#inbox ??= this.#open(undefined);
    for (const copy of this.shelf.copies.values()) {
      const { conversationId } = copy;
      if (copy.group?.isLeft === true) continue;
      const channel = this.#channels.get(conversationId);
      const isBehind = (this.#heads.get(conversationId) ?? 0) > copy.cursor;
      if (channel === undefined) {
        if (isBehind || copy.outbox.length > 0 || this.#screen.has(conversationId)) {
          this.#channels.set(conversationId, this.#open(conversationId));
        }
      } else if (channel.isLive) {
        if (isBehind) this.#resume(channel, copy);
        this.#sending.pump(channel.link, copy);
      }
      this.#sending.tellReceipts(copy, channel?.isLive === true ? channel : this.#inbox);
    }
  }

  #open(conversationId: ConversationId | undefined): Channel {
    const channel: Channel = {
      conversationId,
      isLive: false,
      link: this.#context.connect(this, conversationId, (down) => this.#down(channel, down)),
    };
    return channel;
  }

  #down(channel: Channel, down: Down): void {
    if (down.type === "closed") return this.#closed(channel, down.reason);
    if (down.type === "opened") {
      if (channel.conversationId === undefined) channel.link.sendUp('{"type":"inbox:resume"}');
      else this.#resume(channel, this.shelf.copies.get(channel.conversationId)!);
      return;
    }
    const parsed = JSON.parse(down.text) as Batched;
    const events = parsed.type === "batch" ? parsed.events : [parsed];
    if (this.#context.sim.variant.isAckEarly) this.#ackEarly(channel, events);
    if (this.#incoming.push({ channel, events }) === 1) {
      const { random } = this.#context.sim;
      this.#later(random.chance(0.1) ? random.below(10_000) : random.below(20), () => this.#store());
    }
  }

  #closed(channel: Channel, reason: (Down & { type: "closed" })["reason"]): void {
    const { conversationId } = channel;
    channel.isLive = false;
    if (conversationId === undefined) this.#inbox = undefined;
    else this.#channels.delete(conversationId);
    this.#sending.connectionLost();
    const { oracle, random } = this.#context.sim;
    const isOut = reason === "forbidden" && oracle.wasOut(this.account, conversationId);
    if ((reason === "forbidden" && !isOut) || reason === "too_large") {
      oracle.violate(`${this.key}: socket closed as ${reason}`);
    }
    if (reason === "session_revoked") return this.renew();
    this.#later((isOut ? 30_000 : 500) + random.below(3_000), () => this.#tend());
  }

  /** One transaction: everything that waits is stored, then answered. */
  #store(): void {
    for (const { channel, events } of this.#incoming.splice(0)) {
      for (const event of events) this.#take(channel, event);
    }
    this.#tend();
  }

  #take(channel: Channel, event: DownEvent): void {
    switch (event.type) {
      case "message:new":
        return this.#takeMessage(event);
      case "message:ack":
        return this.#takeAck(event.conversationId, event.clientMessageId, event.seq);
      case "message:refused":
        // What an older socket refused has been sent again since.
        if (this.#channels.get(event.conversationId) !== channel) return;
        return this.#sending.refused(this.shelf.copies.get(event.conversationId)!, event);
      case "conversation:resumed": {
        const copy = this.shelf.copies.get(event.conversationId)!;
        this.#heard(event.conversationId, event.lastSeq);
        if (event.more) this.#resume(channel, copy);
        else channel.isLive = true;
        return;
      }
      case "inbox:state":
        for (const summary of event.conversations) this.learn(summary);
        if (!event.more) {
          channel.isLive = true;
          this.#letters.sendAll();
        }
        return;
      case "conversation:update":
        this.learn(event.summary);
        for (const message of event.messages ?? []) this.#takeMessage(message);
        return;
      case "devices:changed":
        return this.#sets.fetch(event.account);
      case "device:message":
        this.shelf.letters.add(event.data);
        return channel.link.sendUp(JSON.stringify({ type: "device:ack", position: event.position }));
      case "device:sent":
        return this.#letters.sent(event.id);
      case "error":
        return this.#takeError(channel, event);
      case "receipt:low":
      case "receipt":
      case "typing:start":
      case "typing:stop":
      case "prekey:stock":
      case "presence:state":
      case "account:reset":
      case "account:password":
      case "group:joins":
      case "profile:copied":
      case "pong":
        return; // nothing that a light device acts on
    }
  }

  #takeError(channel: Channel, { error, id }: DownEvent & { type: "error" }): void {
    const { faults, oracle } = this.#context.sim;
    if (error.code === "malformed") oracle.violate(`${this.key}: a frame was malformed`);
    if (id !== undefined)
      return this.#letters.refused(id, error.code, () => this.#later(2_000, () => this.#letters.sendAll()));
    if (error.code !== "rate_limited") return;
    // The frame that was refused is not named: what may have been it goes again.
    faults.count("rate_limited");
    this.#sending.receiptsLost();
    this.#later(error.retryAfterMs ?? 1_000, () => {
      const copy = channel.conversationId && this.shelf.copies.get(channel.conversationId);
      if (copy === undefined) this.#tend();
      else if (!channel.isLive) this.#resume(channel, copy);
    });
  }

  #takeMessage(event: DownEvent & { type: "message:new" }): void {
    const { conversationId, seq, sender, clientMessageId: id, capsule } = event;
    const copy = this.shelf.copies.get(conversationId);
    if (copy === undefined) return;
    this.#heard(conversationId, seq);
    const from = deviceAddressKey(sender.account, sender.device);
    const hasCapsule = capsule !== undefined && opens(capsule, this.key, id);
    this.#context.sim.oracle.received(this, conversationId, seq);
    const isReadable =
      copy.group === undefined
        ? from === this.key || hasCapsule
        : takeGroupEntry(this.#context, this, copy, copy.group, event, hasCapsule);
    const outcome = this.shelf.apply(copy, seq, { id, sender: from, isReadable });
    // What was before the account came back may be missing.
    const known = copy.log.get(seq) ?? (copy.group === undefined ? undefined : { id });
    if (outcome === "known" && known?.id !== id) {
      this.#context.sim.oracle.violate(`${this.key}: two messages at ${seq}`);
    }
    if (outcome === "applied" && from === this.key) this.#sending.placed(copy, id);
  }

  #takeAck(conversationId: ConversationId, id: OutboxEntry["id"], seq: number): void {
    const copy = this.shelf.copies.get(conversationId)!;
    this.#context.sim.oracle.acknowledged(this, conversationId, id, seq);
    this.#heard(conversationId, seq);
    this.#sending.placed(copy, id);
    this.shelf.apply(copy, seq, { id, sender: this.key, isReadable: true });
  }

  #newGroup(): GroupCopy {
    const isLazy = this.#context.sim.random.chance(0.5);
    return { head: undefined, key: undefined, held: new Set(), isLeft: false, neededEpoch: 0, isLazy };
  }

  #ackEarly(channel: Channel, events: readonly DownEvent[]): void {
    for (const event of events) {
      if (event.type !== "message:new" || channel.conversationId === undefined) continue;
      const { conversationId, seq } = event;
      channel.link.sendUp(JSON.stringify({ type: "message:delivered", conversationId, seq }));
    }
  }

  #resume(channel: Channel, copy: Copy): void {
    const { conversationId, cursor } = copy;
    channel.isLive = false;
    channel.link.sendUp(JSON.stringify({ type: "conversation:resume", conversationId, after: cursor }));
  }

  #heard(conversationId: ConversationId, seq: number): void {
    this.#heads.set(conversationId, Math.max(seq, this.#heads.get(conversationId) ?? 0));
  }

  #later(delayMs: number, run: () => void): void {
    const life = this.#life;
    this.#context.sim.clock.after(delayMs, `device ${this.key.charAt(0)}${this.device}`, () => {
      if (this.#life === life) run();
    });
  }
}
