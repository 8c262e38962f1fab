/**
 * What the devices of one user refused, in memory.
 *
 * @module
 */
import type { Aside, AsidePage, AsidePlace, Entry, ReadLimit } from "../store.ts";
import { byCodePoint } from "./code_point_order.ts";

/** All that was set aside for one user. */
export class MemoryAsides {
  /** In order. */
  #asides: readonly Aside[] = [];

  /** See `Mailboxes.setAside`. */
  set(device: string, entry: Entry): void {
    const aside = { device, entry };
    const others = this.#asides.filter((other) => byPlace(placeOf(other), placeOf(aside)) !== 0);
    this.#asides = [...others, aside].sort((a, b) => byPlace(placeOf(a), placeOf(b)));
  }

  /** See `Mailboxes.readAside`. */
  read(after: AsidePlace | null, limit: ReadLimit): AsidePage {
    const rest = this.#asides.filter((aside) =>
      after === null || byPlace(placeOf(aside), after) > 0
    );
    let bytes = 0;
    const end = rest.findIndex(({ entry }, index) => {
      bytes += entry.bytes;
      return index > 0 && (index >= limit.messages || bytes > limit.bytes);
    });
    const asides = end < 0 ? rest : rest.slice(0, end);
    const last = end < 0 ? undefined : asides.at(-1);
    return { asides, next: last === undefined ? null : placeOf(last) };
  }

  /** Drops what has expired. */
  sweep(now: number): void {
    this.#asides = this.#asides.filter(({ entry }) => entry.expires > now);
  }
}

function placeOf({ device, entry: { position } }: Aside): AsidePlace {
  return { device, position };
}

function byPlace(a: AsidePlace, b: AsidePlace): number {
  return byCodePoint(a.device, b.device) || a.position - b.position;
}
