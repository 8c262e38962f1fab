/**
 * What became durable, read from the commits themselves: the truth that everything is compared with.
 *
 * @module
 */
import type { Key, Row, Write } from "../../store/kv/database.ts";
import type { Position } from "../../store/store.ts";
import { recordsOf } from "../../store/kv/journal_files/mod.ts";
import { countersKey, journalFilesKey, journalRange } from "../../store/kv/keys.ts";
import { type CursorState, parseLines, type StoredEntry } from "../../store/kv/lines.ts";
import type { MailboxRow } from "../../store/kv/mailbox_row.ts";
import { decodeText, joinText, parseJson } from "../../store/kv/values.ts";
import type { SimDisk } from "./sim_disk.ts";

/** What the rows of a disk say. */
export interface DiskState {
  /** The ids of entries that are there, by user. */
  readonly entries: ReadonlyMap<string, ReadonlyMap<string, StoredEntry>>;
  /** The cursors, by user and device. */
  readonly cursors: ReadonlyMap<string, ReadonlyMap<string, Position>>;
}

/** Everything that was ever committed. */
export class Ledger {
  readonly byId = new Map<string, StoredEntry>();
  /** By the first word of their text. */
  readonly byWord = new Map<string, StoredEntry[]>();
  readonly #mailboxes = new Map<string, StoredEntry[]>();
  readonly #violated: (what: string) => void;
  #segment = 0;
  /** How it was before the last segment, and what that brought. */
  #before: { segment: number; last: Position; entries: StoredEntry[] } = {
    segment: 0,
    last: 0,
    entries: [],
  };
  /** The newest committed position. */
  last: Position = 0;

  /** @param violated hears of what must not be */
  constructor(violated: (what: string) => void) {
    this.#violated = violated;
  }

  /** The entries of one mailbox, in the order in which they were committed. */
  of(user: string): readonly StoredEntry[] {
    return this.#mailboxes.get(user) ?? [];
  }

  /** Reads the journal's part of a commit. */
  committed(writes: readonly Write[]): void {
    const parts = writes.flatMap(({ key, value }) =>
      key[0] !== "journal" || value === null ? [] : [{ key, value, version: "" }]
    );
    const [first] = parts;
    if (first !== undefined) this.wrote(Number(first.key[1]), joinText(parts));
  }

  /** Reads a segment. */
  wrote(segment: number, text: string): void {
    if (segment <= this.#segment) this.#violated(`Journal segment ${segment} was written again`);
    this.#before = { segment: this.#segment, last: this.last, entries: [] };
    this.#segment = segment;
    for (const line of parseLines(text)) {
      if (line.kind !== "entry") continue;
      this.#add(line.entry);
      this.#before.entries.push(line.entry);
    }
  }

  /** The segment that was read last is not there any more: nobody was told of it. */
  undone(): void {
    const { segment, last, entries } = this.#before;
    this.#segment = segment;
    this.last = last;
    for (const entry of entries) {
      this.byId.delete(entry.id);
      const word = wordOf(entry);
      if (word !== null) remove(this.byWord, word, entry);
      remove(this.#mailboxes, entry.to, entry);
      if (entry.copied) remove(this.#mailboxes, entry.sender, entry);
    }
    this.#before = { segment, last, entries: [] };
  }

  #add(entry: StoredEntry): void {
    if (entry.position <= this.last) {
      this.#violated(`I2: position ${entry.position} was committed after ${this.last}`);
    }
    this.last = entry.position;
    if (this.byId.has(entry.id)) this.#violated(`I4: the id ${entry.id} was given twice`);
    this.byId.set(entry.id, entry);
    const word = wordOf(entry);
    if (word !== null) push(this.byWord, word, entry);
    push(this.#mailboxes, entry.to, entry);
    if (entry.copied) push(this.#mailboxes, entry.sender, entry);
  }
}

/** The first word of a message's text, by which the simulation knows it; null for receipts. */
function wordOf(entry: StoredEntry): string | null {
  if (entry.kind !== "message") return null;
  return wordIn(JSON.parse(entry.body).message);
}

/** The first word of a text. */
export function wordIn(text: string): string {
  return text.slice(0, text.indexOf(" "));
}

/** Reads all rows, as a start would. */
export function readDisk(disk: SimDisk): DiskState {
  const entries = new Map<string, Map<string, StoredEntry>>();
  const cursors = new Map<string, Map<string, Position>>();
  const keep = (user: string, entry: StoredEntry) => mapIn(entries, user).set(entry.id, entry);
  for (const { key, value } of disk.list(prefixRange("mailboxes"))) {
    for (const [device, state] of parseJson<MailboxRow>(value).cursors) {
      mapIn(cursors, String(key[1])).set(device, state.position);
    }
  }
  for (const [key, text] of joinParts(disk.list(prefixRange("messages")), 3)) {
    for (const line of parseLines(text)) {
      if (line.kind === "entry") keep(String(key[1]), line.entry);
    }
  }
  const counters = disk.get(countersKey);
  const from = counters === null ? 0 : parseJson<{ segment: number }>(counters.value).segment;
  for (const text of segmentsOf(disk, from)) {
    for (const line of parseLines(text)) {
      if (line.kind === "cursor") {
        mapIn(cursors, line.user).set(line.device, positionOf(line.state));
      }
      if (line.kind === "forgotten") cursors.get(line.user)?.delete(line.device);
      if (line.kind !== "entry") continue;
      keep(line.entry.to, line.entry);
      if (line.entry.copied) keep(line.entry.sender, line.entry);
    }
  }
  return { entries, cursors };
}

/** The segments after one, in order, of rows and of files. */
function segmentsOf(disk: SimDisk, after: number): string[] {
  const segments = joinParts(disk.list(journalRange(after + 1)), 2)
    .map(([key, text]): [number, string] => [Number(key[1]), text]);
  const files = disk.get(journalFilesKey);
  for (const slot of files === null ? [] : parseJson<number[]>(files.value)) {
    const bytes = disk.files.get(slot)?.bytes ?? new Uint8Array();
    for (const { number, text } of recordsOf(bytes)) {
      if (number > after) segments.push([number, decodeText(text)]);
    }
  }
  return segments.sort(([a], [b]) => a - b).map(([, text]) => text);
}

function positionOf({ position }: CursorState): Position {
  return position;
}

/** Rows whose keys differ in their last part only are one text. */
function joinParts(rows: readonly Row[], length: number): [Key, string][] {
  const groups = new Map<string, Row[]>();
  for (const row of rows) push(groups, JSON.stringify(row.key.slice(0, length)), row);
  return [...groups.values()].map((parts) => [parts[0]?.key ?? [], joinText(parts)]);
}

function prefixRange(name: string) {
  return { start: [name], end: [name, Infinity] };
}

function mapIn<V>(maps: Map<string, Map<string, V>>, key: string): Map<string, V> {
  const map = maps.get(key) ?? new Map<string, V>();
  maps.set(key, map);
  return map;
}

function push<V>(lists: Map<string, V[]>, key: string, value: V): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}

function remove<V>(lists: Map<string, V[]>, key: string, value: V): void {
  const left = lists.get(key)?.filter((one) => one !== value) ?? [];
  if (left.length > 0) lists.set(key, left);
  else lists.delete(key);
}
