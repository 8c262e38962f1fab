/**
 * Keeping in mind who is here, and dropping devices that nobody uses any more. A device that never
 * comes back would hold its user's messages back until each of them expires, and take a place among
 * the devices.
 *
 * @module
 */
import { DEVICES_MAX } from "../limits.ts";
import type { Device, DevicePage, Devices } from "../store/mod.ts";
import type { Clock } from "./clock.ts";
import type { Log } from "./log.ts";
import type { Presence } from "./presence.ts";

/** How often all devices are looked through, in milliseconds. */
const PRUNE_MS = 3600 * 1000;

/** Devices that are looked at in one step: live work goes on between two. */
const PAGE_DEVICES = 200;

/** Devices that are written at the same time: they share commits, and are not all of one. */
const AT_ONCE = 50;

/** What a {@linkcode DevicePruner} is made of. */
export interface DevicePrunerParts {
  readonly devices: Devices;
  readonly presence: Pick<Presence, "of" | "everyone" | "alone" | "keepOut">;
  readonly clock: Clock;
  readonly log: Log;
  /** How long a device may stay away. */
  readonly seconds: number;
}

/** Looks through all devices, now and then. */
export class DevicePruner {
  readonly #parts: DevicePrunerParts;
  #cancel: () => void;
  #running: Promise<void> = Promise.resolve();
  #stopped = false;

  /** Starts, with the first look after a while: nobody could come back while no server ran. */
  constructor(parts: DevicePrunerParts) {
    this.#parts = parts;
    this.#cancel = this.#later();
  }

  /** Ends; what it is at is finished. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel();
    await this.#running;
  }

  /** Notes who is here, and drops every device that stayed away too long. */
  async prune(): Promise<void> {
    const { devices, clock, seconds } = this.#parts;
    await this.#noteLive();
    const before = clock.now() - seconds * 1000;
    let after: DevicePage["next"] = null;
    do {
      const page: DevicePage = await devices.unseen(before, after, PAGE_DEVICES);
      for (const device of page.devices) await this.#drop(device, before);
      after = page.next;
    } while (after !== null && !this.#stopped);
  }

  /** A device that never leaves does not sign in, either. */
  async #noteLive(): Promise<void> {
    const { devices, presence, clock } = this.#parts;
    const live = [...presence.everyone()];
    const seen = clock.now();
    for (let next = 0; next < live.length && !this.#stopped; next += AT_ONCE) {
      await Promise.all(
        live.slice(next, next + AT_ONCE).map(({ user, device }) =>
          devices.change(user, device, DEVICES_MAX, (known) => known && { ...known, seen })
        ),
      );
    }
  }

  async #drop({ user, id }: Device, before: number): Promise<void> {
    const { devices, presence, log } = this.#parts;
    // It may come back at this very moment.
    await presence.alone({ user, device: id }, async () => {
      const known = await devices.get(user, id);
      if (known === null || known.seen >= before) return;
      if (presence.of(user).some(({ device }) => device === id)) return;
      const removed = await devices.remove(user, id);
      if (removed === null) return;
      const session = removed.session?.id;
      if (session !== undefined) presence.keepOut({ kind: "session", user, session });
      log.event("device dropped", { user, device: id });
    });
  }

  #later(): () => void {
    return this.#parts.clock.after(PRUNE_MS, () => {
      this.#running = this.prune()
        .catch((error) => this.#parts.log.error("device pruning failed", error))
        .finally(() => {
          if (!this.#stopped) this.#cancel = this.#later();
        });
    });
  }
}
