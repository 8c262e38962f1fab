/**
 * What is known of the clients' own message ids, so that a repeat gets the first answer (I5).
 *
 * Those of unsettled messages are in memory; settling makes rows of them. A filter in memory says
 * which never were made rows, once it has loaded what earlier lives of the process made; only the
 * others are looked up. Looking rows up is put together: one read asks for as many as the database
 * takes.
 *
 * @module
 */
import { CID_MS_MIN } from "../../limits.ts";
import { CidFilter } from "./cid_filter.ts";
import type { Batch } from "./batch.ts";
import type { Key, Write } from "./database.ts";
import { GatheredReads } from "./gathered_reads.ts";
import { cidExpiriesRange, cidExpiryKey, cidKey, cidNames, cidsRange } from "./keys.ts";
import type { StoredEntry } from "./lines.ts";
import type { OwnedDatabase } from "./owned_database.ts";
import { markOf, type SenderMark, SenderMarks } from "./sender_marks.ts";
import { jsonValue, parseJson } from "./values.ts";

/** What became of a client's message id. */
export interface Cid {
  readonly id: string;
  readonly time: number;
  readonly fingerprint: string;
  /** Until when it is remembered, in milliseconds since 1970. */
  readonly expires: number;
}

/** A cid whose message may not be on disk yet. */
export interface UnsettledCid extends Cid {
  readonly sender: string;
  /** What stands for the sender in rows. */
  readonly mark: SenderMark;
  readonly cid: string;
  readonly position: number;
  /** The commit that brings it, null before it is in one and once it is on disk. */
  batch: Batch | null;
  isOnDisk: boolean;
}

/** All cids of all senders. */
export class Cids {
  readonly #database: OwnedDatabase;
  readonly #reads: GatheredReads;
  readonly #lookedUp: () => void;
  /**
   * Every row there is, once it is loaded, and rows that were swept: nothing is taken out, and a
   * cid that is used again after it expired only costs a look-up.
   */
  readonly #rows: CidFilter;
  readonly #marks = new SenderMarks();
  /** The last row that was loaded. */
  #loadedTo: Key | null = null;
  #isLoaded = false;
  readonly #unsettled = new Map<string, UnsettledCid>();
  #settles = 0;

  /**
   * @param lookedUp called with each look-up that {@linkcode load} may make needless
   * @param seed see {@linkcode CidFilter}
   */
  constructor(database: OwnedDatabase, lookedUp: () => void, seed: number) {
    this.#database = database;
    this.#reads = new GatheredReads(database);
    this.#lookedUp = lookedUp;
    this.#rows = new CidFilter(seed);
  }

  /**
   * What is known of a cid without asking the disk: null where nothing became of it, undefined
   * where it may be a row.
   */
  known(sender: string, cid: string): UnsettledCid | null | undefined {
    const unsettled = this.#unsettled.get(mapKey(sender, cid));
    // What is settled is in the filter before it leaves the map: it is always in one of them.
    return unsettled ?? (this.#isNoRow(this.#marks.of(sender), cid) ? null : undefined);
  }

  /** The cid where its message is not settled yet. */
  unsettled(sender: string, cid: string): UnsettledCid | undefined {
    return this.#unsettled.get(mapKey(sender, cid));
  }

  /** Looks a settled cid up. While one read is under way, the next ones gather. */
  find(sender: string, cid: string): Promise<Cid | null> {
    return this.#find(this.#marks.of(sender), cid);
  }

  /**
   * Loads the next of the rows that earlier lives of the process made, so that cids which are none
   * need not be looked up. After it failed it goes on from where it was.
   *
   * @returns whether there may be more
   */
  async load(): Promise<boolean> {
    if (this.#isLoaded) return false;
    // Rows made meanwhile in front of where it is are not listed: settled() adds those.
    const rows = await this.#database.list(cidsRange(this.#loadedTo), CIDS_LOAD_MAX);
    for (const { key } of rows) {
      const [mark, cid] = cidNames(key);
      this.#rows.add(markOf(mark).hash, cid);
    }
    this.#loadedTo = rows.at(-1)?.key ?? this.#loadedTo;
    this.#isLoaded = rows.length < CIDS_LOAD_MAX;
    return !this.#isLoaded;
  }

  /** How often cids were made rows: what was looked up before may be out of date after. */
  get settles(): number {
    return this.#settles;
  }

  /** Remembers the cid of an entry that is admitted, or is on disk already. */
  add(entry: StoredEntry, isOnDisk = false): void {
    if (entry.cid === undefined) return;
    const key = mapKey(entry.sender, entry.cid);
    // A cid that is used again after it expired goes to the end: they are in order of position.
    this.#unsettled.delete(key);
    this.#unsettled.set(key, {
      sender: entry.sender,
      mark: this.#marks.of(entry.sender),
      cid: entry.cid,
      position: entry.position,
      id: entry.id,
      time: entry.time,
      fingerprint: entry.fingerprint ?? "",
      expires: Math.max(entry.time + CID_MS_MIN, entry.expires),
      batch: null,
      isOnDisk,
    });
  }

  /** The entry goes with a commit. */
  join(entry: StoredEntry, batch: Batch): void {
    if (entry.cid === undefined) return;
    const cid = this.#unsettled.get(mapKey(entry.sender, entry.cid));
    if (cid?.position === entry.position) cid.batch = batch;
  }

  /** The entry is on disk. */
  committed(entry: StoredEntry): void {
    if (entry.cid === undefined) return;
    const cid = this.#unsettled.get(mapKey(entry.sender, entry.cid));
    if (cid?.position !== entry.position) return;
    cid.batch = null;
    cid.isOnDisk = true;
  }

  /** The entry is not on disk: its cid is free. */
  drop(entry: StoredEntry): void {
    if (entry.cid === undefined) return;
    const key = mapKey(entry.sender, entry.cid);
    if (this.#unsettled.get(key)?.position === entry.position) this.#unsettled.delete(key);
  }

  /** Forgets what a sender who was removed had sent up to a position, as far as it is no row. */
  forget(sender: string, upTo: number): void {
    for (const [key, cid] of this.#unsettled) {
      // They were added in order of position.
      if (cid.position > upTo) break;
      if (cid.sender === sender) this.#unsettled.delete(key);
    }
  }

  /** The cids that settling up to a position makes rows. */
  toSettle(upTo: number): readonly UnsettledCid[] {
    const settling: UnsettledCid[] = [];
    // They were added in order of position.
    for (const cid of this.#unsettled.values()) {
      if (cid.position > upTo) break;
      if (cid.isOnDisk) settling.push(cid);
    }
    return settling;
  }

  /** These cids are rows now. */
  settled(cids: readonly UnsettledCid[]): void {
    this.#settles++;
    for (const cid of cids) {
      const key = mapKey(cid.sender, cid.cid);
      this.#rows.add(cid.mark.hash, cid.cid);
      if (this.#unsettled.get(key) === cid) this.#unsettled.delete(key);
    }
  }

  /** Forgets, a list at a time, what has expired. @returns whether there may be more */
  async sweep(now: number): Promise<boolean> {
    const [row] = await this.#database.list(cidExpiriesRange(now), 1);
    if (row === undefined) return false;
    const names = parseJson<[string, string][]>(row.value);
    const writes: Write[] = [{ key: row.key, value: null }];
    for (const [mark, cid] of names) {
      const found = await this.#find(markOf(mark), cid);
      // The same cid may be in use again, with a later end.
      if (found !== null && found.expires <= now) {
        writes.push({ key: cidKey(mark, cid), value: null });
      }
    }
    await this.#database.write(writes);
    return true;
  }

  /** Whether a cid surely is no row. */
  #isNoRow({ hash }: SenderMark, cid: string): boolean {
    return this.#isLoaded && !this.#rows.has(hash, cid);
  }

  async #find(mark: SenderMark, cid: string): Promise<Cid | null> {
    if (this.#isNoRow(mark, cid)) return null;
    if (!this.#isLoaded) this.#lookedUp();
    const row = await this.#reads.get(cidKey(mark.text, cid));
    return row === null ? null : parseJson<Cid>(row.value);
  }
}

/**
 * The writes that make some cids rows, and the one that has them forgotten in time: together in
 * one commit. At most {@linkcode CIDS_WRITE_MAX} at once.
 *
 * @param serial distinguishes the lists of one expiry time
 */
export function cidWrites(cids: readonly UnsettledCid[], serial: number): Write[] {
  const writes = cids.map(({ mark, cid, id, time, fingerprint, expires }): Write => ({
    key: cidKey(mark.text, cid),
    value: jsonValue({ id, time, fingerprint, expires } satisfies Cid),
  }));
  const expires = cids.reduce((latest, cid) => Math.max(latest, cid.expires), 0);
  const names = cids.map(({ mark, cid }) => [mark.text, cid]);
  return [...writes, { key: cidExpiryKey(expires, serial), value: jsonValue(names) }];
}

/** Cids in one commit: their names have to fit in one list. */
export const CIDS_WRITE_MAX = 90;

/** Rows loaded at once: few enough that commits of live messages do not wait long for the disk. */
export const CIDS_LOAD_MAX = 250;

function mapKey(sender: string, cid: string): string {
  // No id holds a control character.
  return sender + "\n" + cid;
}
