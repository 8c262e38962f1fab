/**
 * What the server delivers, and what clients make of it (I1 to I4, I6, I7).
 *
 * @module
 */
import { WINDOW_BYTES_MAX } from "../../limits.ts";
import type { StoredEntry } from "../../store/kv/lines.ts";
import { type DeviceState, isOwn, type LinkState, nameOf, type Records } from "./records.ts";

/** A message of a `msg.recv`. */
interface Delivered {
  readonly id: string;
  readonly redelivered?: number;
}

/** A client's answer to a request of the server. */
export interface Answer {
  readonly id: string;
  readonly result?: unknown;
  readonly error?: unknown;
}

/** Checks every delivery. */
export class Deliveries {
  readonly #records: Records;

  constructor(records: Records) {
    this.#records = records;
  }

  /** The server hands a `msg.recv` to a connection. */
  delivers(
    link: LinkState,
    id: string,
    messages: readonly Delivered[],
  ): void {
    const device = this.#records.device(link.user, link.device);
    const who = `${link.user}/${link.device}`;
    link.flights.set(id, messages.map((message) => message.id));
    for (const message of messages) {
      this.#records.count("delivered");
      const entry = this.#records.ledger.byId.get(message.id);
      if (entry === undefined) {
        this.#records.violated(`I1: ${message.id} was delivered to ${who} and is not on the disk`);
        continue;
      }
      this.#checkDelivery(link, device, entry, message);
      link.inFlight.set(message.id, entry.bytes);
      if (!link.incarnation.isEnding) device.handed.add(message.id);
    }
    this.#checkWindow(link);
  }

  /** The answer to a `msg.recv` arrives. @returns what is acknowledged by nobody before */
  lands(link: LinkState, frame: Answer): readonly StoredEntry[] {
    const ids = link.flights.get(frame.id);
    if (ids === undefined || (frame.result === undefined && frame.error === undefined)) return [];
    link.flights.delete(frame.id);
    const named = (frame.result as { ack?: readonly string[] } | undefined)?.ack;
    const device = this.#records.device(link.user, link.device);
    const first: StoredEntry[] = [];
    for (const id of ids) {
      link.inFlight.delete(id);
      if (frame.error !== undefined || named?.includes(id) === false) {
        device.refusals.set(id, (device.refusals.get(id) ?? 0) + 1);
        continue;
      }
      this.#records.count("acknowledged");
      const entry = this.#records.ledger.byId.get(id);
      if (entry !== undefined && this.#isFirst(link.user, id)) first.push(entry);
      device.acknowledged.add(id);
    }
    return first;
  }

  #isFirst(user: string, id: string): boolean {
    return ![...this.#records.devices.values()].some((device) =>
      device.user === user && device.acknowledged.has(id)
    );
  }

  #checkDelivery(
    link: LinkState,
    device: DeviceState,
    entry: StoredEntry,
    message: Delivered,
  ): void {
    const who = `${nameOf(entry)} to ${link.user}/${link.device}`;
    const { redelivered, ...body } = message;
    if (JSON.stringify(body) !== entry.body) {
      this.#records.violated(`I4: ${who} is not what was stored`);
    }
    const isFor = entry.to === link.user || (entry.copied && entry.sender === link.user);
    if (!isFor) this.#records.violated(`I10: ${who} is for somebody else`);
    if (isOwn(entry, link.user, link.device)) this.#records.violated(`${who}: it was sent there`);
    if (entry.expires <= this.#records.clock.now()) {
      this.#records.violated(`TTL: ${who} is expired`);
    }
    if (link.inFlight.has(entry.id)) this.#records.violated(`${who}: a second copy is in flight`);
    const { live } = device;
    if (live.incarnation === link.incarnation.number && entry.position <= live.cursor) {
      this.#records.violated(`I3: ${who} was acknowledged, the cursor is at ${live.cursor}`);
    }
    if (!link.first.has(entry.id)) {
      if (entry.position <= link.newest) {
        this.#records.violated(`I2, I6: ${who} comes after position ${link.newest}`);
      }
      link.first.add(entry.id);
      link.newest = Math.max(link.newest, entry.position);
    }
    // One whose file was taken may still read, and knows nothing of the one that took it.
    if (device.handed.has(entry.id) && !link.incarnation.isEnding) {
      this.#records.count("redelivered");
      if (!(redelivered !== undefined && redelivered >= 1)) {
        this.#records.violated(`${who} is delivered again and does not say so`);
      }
    }
  }

  #checkWindow(link: LinkState): void {
    const { inFlight, window } = link;
    if (inFlight.size > window) {
      this.#records.violated(`I7: ${inFlight.size} messages in flight, the window is ${window}`);
    }
    let bytes = 0;
    for (const size of inFlight.values()) bytes += size;
    if (bytes > WINDOW_BYTES_MAX && inFlight.size > 1) {
      this.#records.violated(`I7: ${bytes} bytes are in flight`);
    }
  }

  /** The server says that what waited is acknowledged. */
  tellsEmpty(link: LinkState): void {
    this.#records.count("queue.empty");
    const who = `${link.user}/${link.device}`;
    if (++link.emptyTold > 1) this.#records.violated(`queue.empty: told twice to ${who}`);
    if (!link.isRich) this.#records.violated(`queue.empty: ${who} does not know it`);
    const device = this.#records.device(link.user, link.device);
    for (const entry of this.#records.ledger.of(link.user)) {
      if (entry.position > link.waited) break;
      if (entry.position <= (device.start ?? 0) || this.#records.isPassable(device, entry)) {
        continue;
      }
      return this.#records.violated(`queue.empty: ${who} has not acknowledged ${nameOf(entry)}`);
    }
  }
}
