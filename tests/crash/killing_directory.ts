/**
 * Files of the journal whose process ends at a given call.
 *
 * @module
 */
import type { JournalDirectory, JournalSpace } from "../../store/kv/journal_files/mod.ts";
import type { KillSwitch } from "./kill_switch.ts";

/** Passes everything on, until the call at which the process dies. */
export class KillingDirectory implements JournalDirectory {
  readonly #directory: JournalDirectory;
  readonly #kill: KillSwitch;

  constructor(directory: JournalDirectory, kill: KillSwitch) {
    this.#directory = directory;
    this.#kill = kill;
  }

  get fileBytes(): number {
    return this.#directory.fileBytes;
  }

  list(): Promise<readonly number[]> {
    return this.#directory.list();
  }

  async create(slot: number): Promise<JournalSpace> {
    return this.#space(await this.#kill.step("rotation", () => this.#directory.create(slot)));
  }

  async open(slot: number): Promise<JournalSpace | null> {
    const space = await this.#directory.open(slot);
    return space && this.#space(space);
  }

  remove(slot: number): Promise<void> {
    return this.#kill.step("rotation", () => this.#directory.remove(slot));
  }

  #space(space: JournalSpace): JournalSpace {
    const kill = this.#kill;
    return {
      read: () => kill.step("replay", () => space.read()),
      reserve: (bytes) => space.reserve(bytes),
      write: (bytes, at) =>
        kill.step(at === 0 ? "rotation" : "commit", () => space.write(bytes, at)),
      close: () => space.close(),
    };
  }
}
