/**
 * What servers on one database say to each other: a row for each of them, which it deletes once it
 * has heard it.
 *
 * @module
 */
import { StoreBusyError } from "../../store.ts";
import { COMMIT_BYTES_MAX, type Write, WRITES_MAX } from "../database.ts";
import type { GuardedDatabase } from "../guarded_database.ts";
import { Lane } from "../lane.ts";
import {
  instanceOf,
  instancesRange,
  noticeKey,
  noticesRange,
  ROW_MS,
  wakeKey,
} from "./shared_keys.ts";

/** What is to be told to the servers after one; {@linkcode END} where all were told. */
interface Telling {
  readonly value: Uint8Array;
  readonly id: string;
  after: string;
}

/** What may wait to be told. */
const UNTOLD_MAX = 1000;

/** Notices in one commit, each with a wake. */
const NOTICES_MAX = WRITES_MAX / 2;

/** Bytes of a notice beside its text, at most: two keys, and what a change takes. */
const NOTICE_BYTES = 512;

/** Where a list has ended; no server is called so. */
const END = "end";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** What {@linkcode Notices} are made of. */
export interface NoticesParts {
  readonly instance: string;
  readonly database: GuardedDatabase;
  readonly newId: () => string;
  /** Another server said something. */
  readonly heard: (text: string) => void;
  /** What it said was not understood. */
  readonly failed: (error: unknown) => void;
}

/** What this server says, and hears. */
export class Notices {
  readonly #parts: NoticesParts;
  readonly #telling = new Lane();
  /** Not told to everybody yet. */
  readonly #untold = new Set<Telling>();

  /** Says and hears nothing by itself. */
  constructor(parts: NoticesParts) {
    this.#parts = parts;
  }

  /** See {@linkcode Peers.tell}. */
  async tell(text: string): Promise<void> {
    if (this.#untold.size >= UNTOLD_MAX) {
      throw new StoreBusyError("Cannot tell other servers: too much waits to be told");
    }
    const telling = { value: encoder.encode(text), id: this.#parts.newId(), after: "" };
    this.#untold.add(telling);
    await this.#telling.run(() => this.#tell(telling));
  }

  /** Goes on with what the database refused to tell. */
  async tellAgain(): Promise<void> {
    if (this.#untold.size === 0) return;
    await this.#telling.run(async () => {
      for (const telling of [...this.#untold]) await this.#tell(telling);
    });
  }

  /** Hears what others said. */
  async take(): Promise<void> {
    const { database, instance } = this.#parts;
    for (;;) {
      const rows = await database.list(noticesRange(instance), NOTICES_MAX);
      if (rows.length === 0) return;
      // Before they are deleted: to hear one twice does no harm, and to lose one does.
      for (const { value } of rows) this.#hear(value);
      await database.commit([], rows.map(({ key }) => ({ key, value: null })));
      if (rows.length < NOTICES_MAX) return;
    }
  }

  async #tell(telling: Telling): Promise<void> {
    const { database, instance: own } = this.#parts;
    const { value, id } = telling;
    const fitting = Math.floor(COMMIT_BYTES_MAX / (value.length + NOTICE_BYTES));
    const most = Math.max(1, Math.min(NOTICES_MAX, fitting));
    // Who comes later than this list comes later than what is told, and finds it in the store.
    while (telling.after !== END) {
      const rows = await database.list(instancesRange(telling.after), most);
      const others = rows.map(({ key }) => instanceOf(key)).filter((instance) => instance !== own);
      const writes = others.flatMap((instance): Write[] => [
        { key: noticeKey(instance, id), value, expireIn: ROW_MS },
        { key: wakeKey(instance), value: new Uint8Array(), expireIn: ROW_MS },
      ]);
      if (writes.length > 0) await database.commit([], writes);
      const last = rows.at(-1);
      telling.after = rows.length < most || last === undefined ? END : instanceOf(last.key);
    }
    this.#untold.delete(telling);
  }

  /** What cannot be understood must not come again for ever, nor keep others from being heard. */
  #hear(value: Uint8Array): void {
    try {
      this.#parts.heard(decoder.decode(value));
    } catch (error) {
      this.#parts.failed(error);
    }
  }
}
