/**
 * What this server knows of mailboxes whose devices are attached here, and what it has not written
 * yet: cursors that moved and devices that left. Each of these can be made again on a newer head
 * without harm, so they wait for the next commit of the mailbox.
 *
 * @module
 */
import type { Position } from "../../store.ts";
import type { Head } from "./head.ts";

/** Mailboxes that are kept in memory though nobody is attached. */
const KEPT_MAX = 1000;

/** What is not written yet of a mailbox. */
class Notes {
  readonly acknowledged = new Map<string, Position>();
  /** Devices that left, and up to where they were sent. */
  readonly left = new Map<string, Position>();
  /** Changes with each. */
  revision = 0;
}

/** One mailbox. */
export interface Local {
  /** The newest that is known, with what is not written yet. */
  head: Head;
  /** Up to where the listener was told. */
  told: Position;
  /** Connections of each device. */
  readonly readers: Map<string, number>;
  /** Devices that left, and the newest position then: others may have thought they were here. */
  readonly gone: Map<string, Position>;
  notes: Notes;
}

/** The mailboxes that this server has in memory. */
export class Locals {
  readonly #instance: string;
  readonly #locals = new Map<string, Local>();
  /** The notes that a head was made with. */
  readonly #merged = new WeakMap<Head, { readonly notes: Notes; readonly revision: number }>();
  readonly #noted: (user: string) => void;

  /** @param noted called with each mailbox that has something to be written */
  constructor(instance: string, noted: (user: string) => void) {
    this.#instance = instance;
    this.#noted = noted;
  }

  /** Mailboxes in memory. */
  get size(): number {
    return this.#locals.size;
  }

  /** Users of whom a device is attached here. */
  attached(): string[] {
    return [...this.#locals].filter(([, { readers }]) => readers.size > 0).map(([user]) => user);
  }

  /** A mailbox, where it is in memory. */
  get(user: string): Local | undefined {
    return this.#locals.get(user);
  }

  /** Whether something of a mailbox waits to be written. */
  hasNotes(user: string): boolean {
    return (this.#locals.get(user)?.notes.revision ?? 0) > 0;
  }

  /** Brings a head up to date that was just read. */
  merge(head: Head): Head {
    const local = this.#locals.get(head.user);
    if (local === undefined || local.head.born !== head.born) return head;
    const { notes, readers } = local;
    for (const [device, upTo] of notes.acknowledged) head.acknowledge(device, upTo);
    for (const [device, sent] of notes.left) {
      head.leave(device, readers.has(device) ? null : this.#instance, sent);
    }
    this.#merged.set(head, { notes, revision: notes.revision });
    return head;
  }

  /** A head is on the disk. */
  written(head: Head): void {
    const local = this.#locals.get(head.user);
    if (local === undefined) return;
    if (local.head.born !== head.born) {
      this.#locals.delete(head.user);
      return;
    }
    const merged = this.#merged.get(head);
    if ((head.version ?? "") < (local.head.version ?? "")) return;
    local.head = head;
    if (merged?.notes === local.notes && merged.revision === local.notes.revision) {
      local.notes = new Notes();
    } else this.merge(head);
    const isIdle = local.readers.size === 0 && local.notes.revision === 0;
    if (isIdle && this.#locals.size > KEPT_MAX) this.#locals.delete(head.user);
  }

  /** A head was read, which may be newer than the one that is known. */
  seen(head: Head): void {
    const local = this.#locals.get(head.user);
    // Whose devices are here is another user of the name: nothing of theirs means anything there.
    if (local === undefined || local.head.born !== head.born) return;
    if ((head.version ?? "") <= (local.head.version ?? "")) return;
    // What was acknowledged since it was read is only in the notes.
    local.head = this.merge(head);
  }

  /** Whether a device, if it is here, is of the user whose mailbox that is. */
  isOf({ user, born }: Head, device: string): boolean {
    const local = this.#locals.get(user);
    return local === undefined || local.head.born === born || !local.readers.has(device);
  }

  /** The user was removed: what waits to be written is void, and whoever is here yet leaves soon. */
  void(user: string): void {
    const local = this.#locals.get(user);
    if (local === undefined) return;
    local.notes = new Notes();
    if (local.readers.size === 0) this.#locals.delete(user);
  }

  /** The user is gone. */
  delete(user: string): void {
    this.#locals.delete(user);
  }

  /** A device is about to be attached. @param head what was just read */
  enter(head: Head, device: string): void {
    let local = this.#locals.get(head.user);
    if (local === undefined || local.head.born !== head.born) {
      local = { head, told: head.last, readers: new Map(), gone: new Map(), notes: new Notes() };
      this.#locals.set(head.user, local);
    }
    // What was told to nobody is read by whoever comes.
    if (local.readers.size === 0) local.told = Math.max(local.told, head.last);
    local.readers.set(device, (local.readers.get(device) ?? 0) + 1);
    local.gone.delete(device);
  }

  /** A connection of a device is gone. @returns whether it was the last of the device */
  leave(user: string, device: string, sent: Position): boolean {
    const local = this.#locals.get(user);
    if (local === undefined) return false;
    const readers = local.readers.get(device) ?? 0;
    // Also of one that was removed: who comes again under its name must not be two.
    if (readers > 1) local.readers.set(device, readers - 1);
    else local.readers.delete(device);
    if (!local.head.cursors.has(device)) {
      if (local.readers.size === 0 && local.notes.revision === 0) this.#locals.delete(user);
      return false;
    }
    if (readers <= 1) local.gone.set(device, local.head.last);
    local.head.leave(device, readers > 1 ? null : this.#instance, sent);
    local.notes.left.set(device, Math.max(local.notes.left.get(device) ?? 0, sent));
    this.#note(user, local);
    return readers <= 1;
  }

  /** See {@linkcode Mailboxes.acknowledge}. */
  acknowledge(user: string, device: string, upTo: Position): Position {
    const local = this.#locals.get(user);
    const position = local?.head.cursors.get(device)?.position;
    if (local === undefined || position === undefined) return 0;
    const before = local.head.acknowledge(device, upTo);
    const reached = local.head.cursors.get(device)?.position ?? 0;
    if (reached > position) {
      local.notes.acknowledged.set(device, reached);
      this.#note(user, local);
    }
    return before;
  }

  /** Every device leaves, and may have been sent everything. */
  leaveAll(): void {
    for (const [user, local] of this.#locals) {
      for (const device of local.readers.keys()) local.notes.left.set(device, Infinity);
      if (local.readers.size > 0) this.#note(user, local);
      local.readers.clear();
    }
  }

  #note(user: string, local: Local): void {
    local.notes.revision++;
    this.#noted(user);
  }
}
