/**
 * Where devices stand, in memory and on the disk, and what is still there for them (I1, I3, I4).
 *
 * @module
 */
import type { StoredEntry } from "../../store/kv/lines.ts";
import type { Position } from "../../store/store.ts";
import { readDisk } from "./ledger.ts";
import { type DeviceState, type Incarnation, nameOf, type Records } from "./records.ts";
import type { SimDisk } from "./sim_disk.ts";

/** Checks every cursor. */
export class Cursors {
  readonly #records: Records;

  constructor(records: Records) {
    this.#records = records;
  }

  /** A device attached to its mailbox. */
  attached(incarnation: Incarnation, user: string, device: string, cursor: Position): void {
    const state = this.#records.device(user, device);
    state.start ??= cursor;
    this.#moves(state, incarnation, cursor, "attached");
  }

  /** The server acknowledges for a device. */
  acknowledges(incarnation: Incarnation, user: string, device: string, upTo: Position): void {
    this.#moves(this.#records.device(user, device), incarnation, upTo, "acknowledged");
  }

  /** Compares the disk with what must be on it. */
  checkDisk(disk: SimDisk): void {
    const { entries, cursors } = readDisk(disk);
    for (const user of this.#records.users) {
      const there = entries.get(user);
      const devices = [...cursors.get(user) ?? []];
      for (const [device, cursor] of devices) this.#checkDurable(user, device, cursor);
      for (const [id, entry] of there ?? []) this.#checkSame(id, entry);
      for (const entry of this.#records.ledger.of(user)) {
        if (there?.has(entry.id) || entry.kind === "receipt" || this.#records.isExpired(entry)) {
          continue;
        }
        const waiting = devices.find(([device, cursor]) =>
          cursor < entry.position &&
          !this.#records.isPassable(this.#records.device(user, device), entry)
        );
        if (waiting === undefined && devices.length > 0) continue;
        this.#records.violated(
          `I1: ${nameOf(entry)} is not on the disk and ${user} has not had it`,
        );
      }
    }
  }

  /** What can be said only when all is over: nothing that was kept waits for anybody. */
  checkEnd(): void {
    const { devices, ledger, users } = this.#records;
    for (const user of users) {
      const states = [...devices.values()].filter((it) => it.user === user && it.start !== null);
      const starts = states.map(({ start }) => start ?? 0);
      for (const entry of ledger.of(user)) {
        if (entry.kind === "receipt" || this.#records.isExpired(entry)) continue;
        if (entry.position <= Math.min(...starts)) {
          this.#records.violated(`I1: ${nameOf(entry)} is before every device of ${user}`);
        }
        for (const state of states) {
          if (entry.position <= (state.start ?? 0)) continue;
          if (this.#records.isPassable(state, entry)) continue;
          this.#records.violated(`I1: ${nameOf(entry)} never reached ${user}/${state.device}`);
        }
      }
    }
  }

  #moves(state: DeviceState, incarnation: Incarnation, cursor: Position, why: string): void {
    const who = `${state.user}/${state.device}`;
    const { number } = incarnation;
    if (state.live.incarnation < number) {
      state.live = { incarnation: number, cursor: state.durable };
    }
    if (state.live.incarnation !== number) return;
    if (why === "attached" && cursor < state.live.cursor) {
      this.#records.violated(
        `I3: the cursor of ${who} went back to ${cursor} from ${state.live.cursor}`,
      );
    }
    state.live.cursor = Math.max(state.live.cursor, cursor);
    this.#checkPassed(state, cursor, why);
  }

  /** I3: nothing up to the cursor waits for the device. */
  #checkPassed(state: DeviceState, cursor: Position, why: string): void {
    const mailbox = this.#records.ledger.of(state.user);
    for (let entry = mailbox[state.passedCount]; entry; entry = mailbox[++state.passedCount]) {
      if (entry.position > cursor) break;
      if (entry.position <= (state.start ?? 0) || this.#records.isPassable(state, entry)) continue;
      this.#records.violated(
        `I3: ${state.user}/${state.device} ${why} ${nameOf(entry)} without a reason`,
      );
    }
  }

  #checkDurable(user: string, device: string, cursor: Position): void {
    const state = this.#records.device(user, device);
    // An attach that failed may have left a cursor for a while: nobody was told of it.
    if (state.start === null) return;
    if (cursor < state.durable) {
      this.#records.violated(
        `I3: the cursor of ${user}/${device} on the disk went back to ${cursor}`,
      );
    }
    state.durable = cursor;
    this.#checkPassed(state, cursor, "has on the disk");
  }

  #checkSame(id: string, entry: StoredEntry): void {
    const stored = this.#records.ledger.byId.get(id);
    if (stored?.body !== entry.body || stored.position !== entry.position) {
      this.#records.violated(`I4: ${nameOf(entry)} changed on the disk`);
    }
  }
}
