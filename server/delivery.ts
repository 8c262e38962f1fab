/**
 * Delivery to one connection: a window of messages in flight, acknowledged in any order, the
 * device's cursor behind the contiguous prefix of them.
 *
 * No timer sends a message again on a live connection while an answer may still come: a stream
 * delivers what it is given, so a late acknowledgement means that the client is stuck.
 *
 * @module
 */
import {
  FRAME_BYTES_MAX,
  OUTSTANDING_MAX,
  REFUSAL_BACKOFF_MS,
  REFUSALS_MAX,
  WINDOW_BYTES_MAX,
} from "../limits.ts";
import {
  acknowledgedBy,
  queueEmptyFrame,
  receiptFrame,
  recvFrame,
  type Reply,
} from "../rpc/mod.ts";
import type {
  Attachment,
  Committed,
  Entry,
  Mailboxes,
  Page,
  Position,
  ReadLimit,
} from "../store/mod.ts";

/** What a client chose when it signed in. */
export interface DeliveryOptions {
  /** Messages in flight, 1 to `WINDOW_MESSAGES_MAX`. */
  readonly window: number;
  /** Whether it is told with `msg.receipt` what became of its messages. */
  readonly receipts: boolean;
  /** Whether it is told with `queue.empty` that what waited at sign-in is acknowledged. */
  readonly tellEmpty: boolean;
}

/** What a delivery needs of its connection and of the server. */
export interface DeliveryHost {
  readonly mailboxes: Pick<Mailboxes, "read" | "acknowledge" | "setAside">;
  /** Milliseconds since 1970. */
  now(): number;
  /** Milliseconds that never go back. */
  monotonic(): number;
  /** Sends a frame, or closes the connection where the peer does not take them. */
  send(frame: string): void;
  /** The first device of its receiver has acknowledged a message whose sender wants to know. */
  delivered(entry: Entry): void;
  /** A message was refused as often as is allowed, and is out of the way. */
  setAside(entry: Entry): void;
  /** The store refuses: the connection has to end, and to be tried again. */
  failed(error: unknown): void;
}

/** How often a device was sent an entry, and refused it. Kept between two connections. */
export interface Attempt {
  deliveries: number;
  refusals: number;
}

/** The attempts of one device, by position. */
export type Attempts = Map<Position, Attempt>;

/** An entry that was sent and is not contiguously acknowledged. */
interface Outstanding extends Attempt {
  readonly entry: Entry;
  /** Deliveries before the newest one. */
  redelivered: number;
  state: "flying" | "refused" | "acknowledged";
  /** When a refused one is due again, by the monotonic clock. */
  due: number;
}

/** A `msg.recv` that was not answered. */
interface Flight {
  readonly records: readonly Outstanding[];
  readonly sentAt: number;
}

/** The stream of one mailbox to one connection of one device. */
export class Delivery {
  readonly #host: DeliveryHost;
  readonly #user: string;
  readonly #device: string;
  readonly #attachment: Attachment;
  readonly #attempts: Attempts | null;
  /** In order of position, since entries are first sent in that order. */
  readonly #outstanding = new Map<Position, Outstanding>();
  readonly #flights = new Map<string, Flight>();
  #options: DeliveryOptions;
  #position: Position;
  #cursor: Position;
  #caughtUp = false;
  #reading = false;
  /** Whether entries came while the mailbox was read: the page may not have them. */
  #missed = false;
  #stopped = false;
  #requests = 0;
  #flyingMessages = 0;
  #flyingBytes = 0;
  #refused = 0;
  #emptyTold = false;

  /**
   * @param attachment where the device stands
   * @param attempts what is known of entries that an earlier connection was sent
   */
  constructor(
    host: DeliveryHost,
    identity: { readonly user: string; readonly device: string },
    attachment: Attachment,
    attempts: Attempts | null,
    options: DeliveryOptions,
  ) {
    this.#host = host;
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
    for (const { sentAt } of this.#flights.values()) return sentAt;
    return null;
  }

  /** Begins to deliver: the client has the answer to its sign-in. */
  start(): void {
    this.#settleCursor();
    this.#pump();
  }

  /** The client chose anew. */
  configure(options: DeliveryOptions): void {
    this.#options = options;
    this.#settleCursor();
    this.#pump();
  }

  /**
   * Ends the delivery.
   *
   * @returns up to where entries were sent, and the attempts at those that are not acknowledged
   */
  stop(): { sent: Position; attempts: Attempts } {
    this.#stopped = true;
    const attempts: Attempts = new Map(this.#attempts ?? []);
    for (const [position, { state, deliveries, refusals }] of this.#outstanding) {
      if (state !== "acknowledged") attempts.set(position, { deliveries, refusals });
    }
    return { sent: Math.max(this.#position, this.#attachment.sent), attempts };
  }

  /** The mailbox has new entries. What can go at once goes without being read back. */
  committed({ after, entries }: Committed): void {
    this.#missed = true;
    if (this.#stopped || !this.#caughtUp || this.#reading) return;
    const wanted = entries.filter((entry) => this.#isWanted(entry));
    const bytes = wanted.reduce((sum, entry) => sum + entry.bytes, 0);
    if (this.#position < after || !this.#hasRoomFor(wanted.length, bytes)) {
      this.#caughtUp = false;
      return this.#pump();
    }
    this.#deliver(wanted);
    this.#pass(entries.at(-1)?.position ?? this.#position);
  }

  /** The client answered. @returns false where the id is of none of the deliveries */
  answered(id: string, reply: Reply): boolean {
    const flight = this.#flights.get(id);
    if (flight === undefined || this.#stopped) return false;
    this.#flights.delete(id);
    const ids = "result" in reply ? acknowledgedBy(reply.result) : undefined;
    const named = typeof ids === "object" ? new Set(ids) : null;
    const acknowledged: Outstanding[] = [];
    for (const record of flight.records) {
      this.#flyingMessages--;
      this.#flyingBytes -= record.entry.bytes;
      const isAcknowledged = named === null ? ids === "all" : named.has(record.entry.id);
      if (isAcknowledged) acknowledged.push(record);
      else this.#refuse(record);
    }
    this.#acknowledge(acknowledged);
    this.#pump();
    return true;
  }

  /** Time has passed: sends again what was refused and is due. */
  tick(): void {
    if (this.#refused === 0 || this.#stopped) return;
    const now = this.#host.monotonic();
    for (const record of this.#outstanding.values()) {
      if (record.state !== "refused" || record.due > now) continue;
      if (!this.#hasRoomFor(1, record.entry.bytes)) return;
      this.#refused--;
      this.#send([record]);
    }
  }

  #isWanted(entry: Entry): boolean {
    const isOwn = entry.to !== this.#user && entry.device === this.#device;
    return !isOwn && entry.expires > this.#host.now();
  }

  #hasRoomFor(messages: number, bytes: number): boolean {
    if (this.#outstanding.size + messages > OUTSTANDING_MAX) return false;
    if (this.#flyingMessages + messages > this.#options.window) return false;
    return this.#flyingMessages === 0 || this.#flyingBytes + bytes <= WINDOW_BYTES_MAX;
  }

  /** Reads on while there is room and something to read. */
  #pump(): void {
    if (this.#stopped || this.#reading || this.#caughtUp || !this.#hasRoomFor(1, 1)) return;
    this.#reading = true;
    this.#readOn().catch((error) => {
      if (!this.#stopped) this.#host.failed(error);
    }).finally(() => {
      this.#reading = false;
    });
  }

  async #readOn(): Promise<void> {
    while (!this.#caughtUp && this.#hasRoomFor(1, 1)) {
      const limit = {
        messages: Math.min(
          this.#options.window - this.#flyingMessages,
          OUTSTANDING_MAX - this.#outstanding.size,
        ),
        bytes: WINDOW_BYTES_MAX - this.#flyingBytes,
      };
      this.#missed = false;
      const page = await this.#read(limit);
      if (this.#stopped) return;
      this.#caughtUp = page.end && !this.#missed;
      this.#deliver(page.entries);
      this.#pass(page.upTo);
    }
  }

  #read(limit: ReadLimit): Promise<Page> {
    return this.#host.mailboxes.read(this.#user, this.#device, this.#position, limit);
  }

  /** Sends new entries, in as few frames as their size allows. */
  #deliver(entries: readonly Entry[]): void {
    let records: Outstanding[] = [];
    let bytes = 0;
    for (const entry of entries) {
      if (entry.kind === "receipt") {
        if (this.#options.receipts) this.#host.send(receiptFrame(entry.body));
        continue;
      }
      if (records.length > 0 && bytes + entry.bytes > FRAME_BYTES_MAX) {
        this.#send(records);
        records = [];
        bytes = 0;
      }
      const record = this.#record(entry);
      this.#outstanding.set(entry.position, record);
      records.push(record);
      bytes += entry.bytes;
    }
    if (records.length > 0) this.#send(records);
  }

  #record(entry: Entry): Outstanding {
    const seen = entry.position <= this.#attachment.sent;
    const attempt = seen ? this.#attempts?.get(entry.position) : undefined;
    if (attempt !== undefined) this.#attempts?.delete(entry.position);
    return {
      entry,
      deliveries: attempt?.deliveries ?? (seen ? 1 : 0),
      refusals: attempt?.refusals ?? 0,
      redelivered: 0,
      state: "flying",
      due: 0,
    };
  }

  #send(records: readonly Outstanding[]): void {
    for (const record of records) {
      record.state = "flying";
      record.redelivered = record.deliveries++;
      this.#flyingMessages++;
      this.#flyingBytes += record.entry.bytes;
    }
    const id = "r" + ++this.#requests;
    this.#flights.set(id, { records, sentAt: this.#host.monotonic() });
    this.#host.send(recvFrame(id, records));
  }

  #acknowledge(records: readonly Outstanding[]): void {
    for (const record of records) record.state = "acknowledged";
    const furthest = this.#settleCursor();
    for (const { entry } of records) {
      const isFirst = entry.to === this.#user && entry.position > furthest;
      if (entry.receipt && isFirst) this.#host.delivered(entry);
    }
  }

  #refuse(record: Outstanding): void {
    record.refusals++;
    record.state = "refused";
    this.#refused++;
    if (record.refusals < REFUSALS_MAX) {
      const backoff = REFUSAL_BACKOFF_MS * 2 ** (record.refusals - 1);
      record.due = this.#host.monotonic() + backoff;
      return;
    }
    record.due = Infinity;
    this.#host.mailboxes.setAside(this.#user, this.#device, record.entry).then(() => {
      if (this.#stopped) return;
      this.#refused--;
      record.state = "acknowledged";
      this.#settleCursor();
      this.#host.setAside(record.entry);
      this.#pump();
    }).catch((error) => this.#host.failed(error));
  }

  /** Everything up to here was looked at; what was not sent needs no acknowledgement. */
  #pass(position: Position): void {
    this.#position = Math.max(this.#position, position);
    if (this.#outstanding.size === 0) this.#settleCursor();
  }

  /** Moves the cursor behind what is contiguously acknowledged (I3). */
  #settleCursor(): Position {
    let cursor = this.#position;
    for (const [position, { state }] of this.#outstanding) {
      if (state !== "acknowledged") {
        cursor = position - 1;
        break;
      }
      this.#outstanding.delete(position);
    }
    this.#cursor = Math.max(this.#cursor, cursor);
    const { mailboxes } = this.#host;
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
