/**
 * Delivery to one connection: a window of messages in flight, acknowledged in any order, the
 * device's cursor behind the contiguous prefix of them.
 *
 * No timer sends a message again on a live connection while an answer may still come: a stream
 * delivers what it is given, so a late acknowledgement means that the client is stuck.
 *
 * @module
 */
import { FRAME_BYTES_MAX } from "../limits.ts";
import { type Identity, queueEmptyFrame, receiptFrame, type Reply } from "../rpc/mod.ts";
import type { Attachment, Committed, Entry, Mailboxes, Position } from "../store/mod.ts";
import { type Attempts, InFlight, type Landing, type Sent } from "./in_flight.ts";

/** What a `msg.recv` adds to the body of a message, and to all of them, at the most. */
const EXTRA_BYTES = 100;

/** What a client chose when it signed in. */
export interface DeliveryOptions {
  /** Messages in flight, 1 to `WINDOW_MESSAGES_MAX`. */
  readonly window: number;
  /** Whether it is told with `msg.receipt` what became of its messages. */
  readonly receipts: boolean;
  /** Whether it is told with `queue.empty` that what waited at sign-in is acknowledged. */
  readonly tellEmpty: boolean;
}

/** What all deliveries of a server share. */
export interface DeliveryWorld {
  readonly mailboxes: Pick<Mailboxes, "read" | "acknowledge" | "setAside">;
  /** Milliseconds since 1970. */
  now(): number;
  /** Milliseconds that never go back. */
  monotonic(): number;
  /** The first device of its receiver has acknowledged a message. */
  delivered(entry: Entry): void;
  /** Messages were sent, some of them again. */
  sent(batch: readonly Sent[], identity: Identity): void;
  /** A client answered what it was sent. */
  answered(landing: Landing, identity: Identity): void;
  /** A message was refused as often as is allowed, and is out of the way. */
  setAside(identity: Identity, entry: Entry): void;
}

/** What a delivery needs of its connection. */
export interface DeliveryHost {
  /** What it shares with the others. */
  readonly world: DeliveryWorld;
  /** Sends a frame, or closes the connection where the peer does not take them. */
  send(frame: string): void;
  /** The store refuses: the connection has to end, and to be tried again. */
  failed(error: unknown): void;
}

/** The stream of one mailbox to one connection of one device. */
export class Delivery {
  readonly #host: DeliveryHost;
  readonly #world: DeliveryWorld;
  readonly #identity: Identity;
  readonly #user: string;
  readonly #device: string;
  readonly #attachment: Attachment;
  /** What is known of entries that an earlier connection was sent; null where nothing is. */
  readonly #attempts: Attempts | null;
  readonly #inFlight = new InFlight();
  #options: DeliveryOptions;
  /** Up to where entries were looked at. */
  #position: Position;
  /** Up to where everything is acknowledged. */
  #cursor: Position;
  #caughtUp = false;
  #reading = false;
  /** Whether entries came while the mailbox was read: the page may not have them. */
  #missed = false;
  #stopped = false;
  #emptyTold = false;

  /**
   * @param attachment where the device stands
   * @param attempts what is known of entries that an earlier connection was sent
   */
  constructor(
    host: DeliveryHost,
    identity: Identity,
    attachment: Attachment,
    attempts: Attempts | null,
    options: DeliveryOptions,
  ) {
    this.#host = host;
    this.#world = host.world;
    this.#identity = identity;
    this.#user = identity.user;
    this.#device = identity.device;
    this.#attachment = attachment;
    this.#attempts = attempts;
    this.#options = options;
    this.#position = this.#cursor = attachment.cursor;
  }

  /** Whether the client is told what became of its messages. */
  get receipts(): boolean {
    return this.#options.receipts;
  }

  /** When the oldest unanswered `msg.recv` was sent, by the monotonic clock; null where none is. */
  get waitingSince(): number | null {
    return this.#inFlight.waitingSince;
  }

  /** Begins to deliver: the client has the answer to its sign-in. */
  start(): void {
    if (this.#stopped) return;
    this.#settleCursor();
    this.#pump();
  }

  /** The client chose anew; {@linkcode start} once it has the answer. */
  configure(options: DeliveryOptions): void {
    this.#options = options;
  }

  /**
   * Ends the delivery.
   *
   * @returns up to where entries were sent, and the attempts at those that are not acknowledged
   */
  stop(): { sent: Position; attempts: Attempts } {
    this.#stopped = true;
    const attempts = new Map([...this.#attempts ?? [], ...this.#inFlight.attempts()]);
    return { sent: Math.max(this.#position, this.#attachment.sent), attempts };
  }

  /** The mailbox has new entries. What can go at once goes without being read back. */
  committed({ after, entries }: Committed): void {
    this.#missed = true;
    if (this.#stopped || !this.#caughtUp || this.#reading) return;
    const now = this.#world.now();
    const wanted = entries.filter((entry) => this.#isWanted(entry, now));
    if (this.#position < after || !this.#inFlight.fits(wanted, this.#options.window)) {
      this.#caughtUp = false;
      return this.#pump();
    }
    this.#deliver(wanted);
    this.#pass(entries.at(-1)?.position ?? this.#position);
  }

  /** The client answered. @returns false where the id is of none of the deliveries */
  answered(id: string, reply: Reply): boolean {
    if (this.#stopped) return false;
    const landing = this.#inFlight.land(id, reply, this.#world);
    if (landing === null) return false;
    this.#world.answered(landing, this.#identity);
    const furthest = this.#settleCursor();
    for (const { entry } of landing.acknowledged) {
      const isFirst = entry.to === this.#user && entry.position > furthest;
      if (isFirst) this.#world.delivered(entry);
    }
    for (const one of landing.refused) if (one.due === Infinity) this.#setAside(one);
    this.#pump();
    return true;
  }

  /** Time has passed: sends again what was refused and is due. */
  tick(): void {
    if (this.#stopped) return;
    const now = this.#world.monotonic();
    let expired = false;
    for (const one of this.#inFlight.due(now)) {
      if (one.entry.expires <= this.#world.now()) {
        this.#inFlight.acknowledge(one);
        expired = true;
      } else if (this.#inFlight.fitsAgain(one, this.#options.window)) this.#send([one]);
    }
    if (!expired) return;
    this.#settleCursor();
    this.#pump();
  }

  #isWanted(entry: Entry, now: number): boolean {
    // A read may have brought it before the news came.
    if (entry.position <= this.#position) return false;
    const isOwn = entry.to !== this.#user && entry.device === this.#device;
    return !isOwn && entry.expires > now;
  }

  /** Reads on while there is room and something to read. */
  #pump(): void {
    if (this.#stopped || this.#reading || this.#caughtUp || !this.#hasRoom()) return;
    this.#readOn().catch((error) => {
      if (!this.#stopped) this.#host.failed(error);
    });
  }

  #hasRoom(): boolean {
    const { messages, bytes } = this.#inFlight.room(this.#options.window);
    return messages > 0 && bytes > 0;
  }

  async #readOn(): Promise<void> {
    this.#reading = true;
    try {
      while (!this.#caughtUp && this.#hasRoom()) {
        const room = this.#inFlight.room(this.#options.window);
        this.#missed = false;
        const { mailboxes } = this.#world;
        const page = await mailboxes.read(this.#user, this.#device, this.#position, room);
        if (this.#stopped) return;
        if (!this.#inFlight.fits(page.entries, this.#options.window)) {
          // What was sent again meanwhile has taken the room: the next answer reads once more.
          if (this.#inFlight.frames > 0) return;
          // The client chose a smaller window meanwhile.
          continue;
        }
        this.#caughtUp = page.end && !this.#missed;
        // What was read while the disk was slow may have expired since.
        this.#deliver(page.entries.filter(({ expires }) => expires > this.#world.now()));
        this.#pass(page.upTo);
      }
    } finally {
      // In the same turn as the last look at `missed`, so that nothing comes in between.
      this.#reading = false;
    }
  }

  /** Sends new entries, in as few frames as their size allows. */
  #deliver(entries: readonly Entry[]): void {
    let batch: Sent[] = [];
    let bytes = 0;
    for (const entry of entries) {
      if (entry.kind === "receipt") {
        if (this.#options.receipts) this.#host.send(receiptFrame(entry.body));
        continue;
      }
      const size = entry.bytes + EXTRA_BYTES;
      if (batch.length > 0 && bytes + size > FRAME_BYTES_MAX - EXTRA_BYTES) {
        this.#send(batch);
        batch = [];
        bytes = 0;
      }
      batch.push(this.#inFlight.add(entry, this.#attempt(entry)));
      bytes += size;
    }
    if (batch.length > 0) this.#send(batch);
  }

  #send(batch: readonly Sent[]): void {
    this.#host.send(this.#inFlight.send(batch, this.#world.monotonic()));
    this.#world.sent(batch, this.#identity);
  }

  /** What an earlier connection made of an entry. */
  #attempt({ position }: Entry): { deliveries: number; refusals: number } {
    const attempt = this.#attempts?.get(position);
    this.#attempts?.delete(position);
    // What was sent before a restart is known only by how far that went.
    return attempt ?? { deliveries: position <= this.#attachment.sent ? 1 : 0, refusals: 0 };
  }

  /** A message that its client keeps refusing must not block the ones behind it. */
  #setAside(one: Sent): void {
    this.#world.mailboxes.setAside(this.#user, this.#device, one.entry).then(() => {
      if (this.#stopped) return;
      this.#inFlight.acknowledge(one);
      this.#settleCursor();
      this.#world.setAside(this.#identity, one.entry);
      this.#pump();
    }).catch((error) => {
      if (!this.#stopped) this.#host.failed(error);
    });
  }

  /** Everything up to here was looked at; what was not sent needs no acknowledgement. */
  #pass(position: Position): void {
    this.#position = Math.max(this.#position, position);
    if (this.#inFlight.isEmpty) this.#settleCursor();
  }

  /** Moves the cursor behind what is contiguously acknowledged (I3). */
  #settleCursor(): Position {
    this.#cursor = Math.max(this.#cursor, this.#inFlight.settle(this.#position));
    const { mailboxes } = this.#world;
    const furthest = mailboxes.acknowledge(this.#user, this.#device, this.#cursor);
    this.#tellEmpty();
    return furthest;
  }

  #tellEmpty(): void {
    if (this.#emptyTold || !this.#options.tellEmpty) return;
    if (this.#cursor < this.#attachment.tail) return;
    this.#emptyTold = true;
    this.#host.send(queueEmptyFrame());
  }
}
