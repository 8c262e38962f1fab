/**
 * The invariants of the design, checked at the moment at which something is said, heard or
 * committed. It believes nobody but the commits: see {@linkcode Ledger}.
 *
 * @module
 */
import { OUTGOING_BYTES_MAX } from "../../limits.ts";
import type { Write } from "../../store/kv/database.ts";
import type { StoredEntry } from "../../store/kv/lines.ts";
import type { Position } from "../../store/store.ts";
import { Answers } from "./answers.ts";
import { Cursors } from "./cursors.ts";
import { Deliveries } from "./deliveries.ts";
import { Receipts } from "./receipts.ts";
import { type Incarnation, type LinkFacts, Records } from "./records.ts";
import type { SimClock } from "./sim_clock.ts";
import type { Ledger } from "./ledger.ts";
import type { SimDisk } from "./sim_disk.ts";
import type { LinkObserver, SimLink } from "./sim_link.ts";

/** Checks everything. */
export class Oracle implements LinkObserver {
  readonly #records: Records;
  readonly #deliveries: Deliveries;
  readonly #answers: Answers;
  readonly #cursors: Cursors;
  readonly #receipts: Receipts;
  readonly #witness: (frame: string) => void;
  /** What the frame acknowledges that the server is hearing. */
  #acknowledging: readonly StoredEntry[] = [];

  /** @param witness hears every frame, as the server sends or hears it */
  constructor(clock: SimClock, users: readonly string[], witness: (frame: string) => void) {
    this.#witness = witness;
    this.#records = new Records(clock, users);
    this.#deliveries = new Deliveries(this.#records);
    this.#answers = new Answers(this.#records);
    this.#cursors = new Cursors(this.#records);
    this.#receipts = new Receipts(this.#records);
  }

  /** What was found. */
  get violations(): readonly string[] {
    return this.#records.violations;
  }

  /** How often each thing was seen, for the report. */
  get counts(): ReadonlyMap<string, number> {
    return this.#records.counts;
  }

  /** Something is as it must not be. */
  violated(what: string): void {
    this.#records.violated(what);
  }

  /** Counts something that happened. */
  count(name: string): void {
    this.#records.count(name);
  }

  /** Something broke that may cost a receipt. */
  trouble(): void {
    this.#records.troubles++;
  }

  /** A commit was made. */
  committed(writes: readonly Write[]): void {
    this.#stores((ledger) => ledger.committed(writes));
  }

  /** A segment was written to a file. */
  wrote(segment: number, text: string): void {
    this.#records.count("segments in files");
    this.#stores((ledger) => ledger.wrote(segment, text));
  }

  /** The last segment was taken back: the disk did not say whether it was there. */
  undone(): void {
    this.#records.count("segments undone");
    this.#stores((ledger) => ledger.undone());
  }

  #stores(change: (ledger: Ledger) => void): void {
    const { ledger } = this.#records;
    const before = ledger.byId.size;
    change(ledger);
    this.#records.count("stored", ledger.byId.size - before);
  }

  /** A connection is made. */
  opened(link: SimLink, facts: LinkFacts): void {
    this.#records.opened(link, facts);
  }

  /** A window was chosen anew. */
  widened(link: SimLink, window: number): void {
    const state = this.#records.link(link);
    state.window = Math.max(state.window, window);
  }

  said(link: SimLink, text: string): void {
    const state = this.#records.link(link);
    this.#witness(`to ${state.user}/${state.device}: ${text}`);
    if (link.bufferedBytes > 2 * OUTGOING_BYTES_MAX) this.violated("I7: too much is buffered");
    const frame = JSON.parse(text);
    if (frame.method === "msg.recv") this.#deliveries.delivers(state, frame.id, frame.params);
    else if (frame.method === "msg.receipt") this.#receipts.tells(state, frame.params);
    else if (frame.method === "queue.empty") this.#deliveries.tellsEmpty(state);
    else if (frame.method === undefined) this.#answers.answers(state, frame);
  }

  hears(link: SimLink, text: string): void {
    const state = this.#records.link(link);
    this.#witness(`from ${state.user}/${state.device}: ${text}`);
    const frame = JSON.parse(text);
    const asked = state.asked.get(frame.id);
    if (asked !== undefined) this.#answers.arrives(state, asked);
    else this.#acknowledging = this.#deliveries.lands(state, frame);
  }

  heard(link: SimLink): void {
    const state = this.#records.link(link);
    for (const entry of this.#acknowledging) this.#receipts.due(entry, state);
    this.#acknowledging = [];
  }

  /** A device attached to its mailbox. */
  attached(incarnation: Incarnation, user: string, device: string, cursor: Position): void {
    this.#cursors.attached(incarnation, user, device, cursor);
  }

  /** The server acknowledges for a device. */
  acknowledges(incarnation: Incarnation, user: string, device: string, upTo: Position): void {
    this.#cursors.acknowledges(incarnation, user, device, upTo);
  }

  /** Compares the disk with what must be on it. */
  checkDisk(disk: SimDisk): void {
    this.#cursors.checkDisk(disk);
  }

  /** What can be said only when everything was healed and has come to its end. */
  checkEnd(): void {
    this.#cursors.checkEnd();
    this.#answers.checkEnd();
    this.#receipts.checkEnd();
  }

  /** Whether a connection that is open has been told that its queue is empty. */
  isEmptyTold(link: SimLink): boolean {
    const { isRich, emptyTold } = this.#records.link(link);
    return !isRich || emptyTold === 1;
  }
}
