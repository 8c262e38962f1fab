/**
 * What senders are told of their messages.
 *
 * @module
 */
import type { StoredEntry } from "../../store/kv/lines.ts";
import { type LinkState, nameOf, type Records } from "./records.ts";

/** Checks every receipt. */
export class Receipts {
  readonly #records: Records;
  /** By the id of the message, what its sender was told. */
  readonly #told = new Map<string, Set<string>>();
  /** Receipts that are due, by message, and how much had gone wrong when they fell due. */
  readonly #due = new Map<string, number>();

  constructor(records: Records) {
    this.#records = records;
  }

  /** The server tells a connection of a message. */
  tells(link: LinkState, { id, to, state }: { id: string; to: string; state: string }): void {
    this.#records.count(`receipts: ${state}`);
    const entry = this.#records.ledger.byId.get(id);
    if (entry === undefined) return this.#records.violated(`Receipt: ${id} was never stored`);
    if (!link.receipts) this.#records.violated("Receipt: nobody asked for it");
    // What was sent to a bot comes back in its name.
    const receiver = entry.from === entry.sender ? entry.to : entry.from;
    if (receiver !== to || entry.sender !== link.user) {
      this.#records.violated("Receipt: to a stranger");
    }
    const told = this.#told.get(id) ?? new Set();
    this.#told.set(id, told.add(state));
  }

  /** A message is acknowledged: its sender hears of it: at once where they are here, else when they come back. */
  due(entry: StoredEntry, link: LinkState): void {
    // What expired before its acknowledgement came may count as expired.
    if (!entry.receipt || entry.to !== link.user || this.#records.isExpired(entry)) return;
    if (!link.isSignedIn) return;
    const isHere = [...this.#records.links].some(([other, state]) =>
      state.incarnation === link.incarnation && other.isOpenAtServer &&
      state.user === entry.sender &&
      state.receipts && state.isSignedIn
    );
    if (isHere && !this.#told.get(entry.id)?.has("delivered")) {
      const passed = [...this.#records.devices.values()].filter(({ user, live }) =>
        user === entry.to && live.cursor >= entry.position
      ).map(({ device, start, live }) => `${device} from ${start} at ${live.cursor}`);
      this.#records.violated(
        `Receipt: the sender of ${nameOf(entry)} is here and was not told; ${passed.join(", ")}`,
      );
    }
    this.#due.set(entry.id, this.#records.troubles);
  }

  /** What can be said only when all is over. */
  checkEnd(): void {
    for (const [id, troubles] of this.#due) {
      const isTold = this.#told.get(id)?.has("delivered") === true || this.#isStored(id);
      if (isTold || troubles !== this.#records.troubles) continue;
      this.#records.violated(`Receipt: the sender of ${id} was never told that it was delivered`);
    }
  }

  #isStored(id: string): boolean {
    const sender = this.#records.ledger.byId.get(id)?.sender ?? "";
    return this.#records.ledger.of(sender).some(({ kind, body }) =>
      kind === "receipt" && JSON.parse(body).id === id
    );
  }
}
