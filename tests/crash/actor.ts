/**
 * One device of a run: it comes and goes, sends, acknowledges as its habits are, and writes down
 * what it did and saw.
 *
 * @module
 */
import { TestClient } from "../harness/client.ts";
import { Acknowledger } from "./acknowledger.ts";
import { next } from "./next.ts";
import { HASTE, type Patience } from "./patience.ts";
import type { Habits } from "./habits.ts";
import type { ConnectionRecord, DeviceRecord } from "./history.ts";
import type { Stay, TokenRecord } from "./people/account_history.ts";
import type { Seeded } from "./seeded.ts";
import { Sending } from "./sending.ts";
import type { Stage } from "./stage.ts";

/** How often it looks whether everybody is there, in milliseconds. */
const LOOK_MS = 30;

/** What a device signs in with. */
export interface Pass {
  readonly text: string;
  /** Which of a person's tokens it is, where it is one. */
  readonly token?: TokenRecord;
  /** Hears what became of a sign-in that began at a moment; null: it worked. */
  used?(at: number, error: unknown): void;
}

/** What an {@linkcode Actor} is made of. */
export interface ActorParts {
  readonly habits: Habits;
  readonly stage: Stage;
  readonly chance: Seeded;
  /** What it signs in with now; undefined: it has to wait. */
  readonly pass: () => Pass | undefined;
  /** The life of the user that it belongs to, where users come and go. */
  readonly stay?: Stay;
  /** Makes one string of equal ones, so that a long run fits in memory. */
  readonly intern: (text: string) => string;
  /** How long it waits where something went wrong. @default {HASTE} */
  readonly patience?: Patience;
}

/** One device of one user. */
export class Actor {
  readonly record: DeviceRecord;
  readonly #parts: ActorParts;
  readonly #sending: Sending;
  readonly #refusals = new Map<string, number>();
  /** The connection, and what it came in with; null while there is none. */
  #live: { readonly client: TestClient; readonly pass: Pass } | null = null;
  #isFinished = false;
  /** Whether the next connection comes after everything was drained. */
  #isLast = false;
  /** Why it is not connected, where it tried. */
  #failure: unknown = null;

  constructor(parts: ActorParts) {
    const { habits: { user, device }, stay } = parts;
    this.#parts = parts;
    const who = { user, device, ...(stay === undefined ? {} : { stay }) };
    this.record = { ...who, joined: undefined, sent: [], connections: [] };
    this.#sending = new Sending(this.record, parts);
  }

  /** Whether it has had the answer to a sign-in, or comes later anyway. */
  get hasJoined(): boolean {
    return this.record.joined !== undefined || this.#parts.habits.joinsAfterMs > 0;
  }

  /** Its connection, to ask something else over it; null while there is none. */
  get live(): { readonly client: TestClient; readonly pass: Pass } | null {
    return this.#live;
  }

  /** Acts until the run is over, or it is told to finish. */
  async run(): Promise<void> {
    const { stage, habits } = this.#parts;
    if (habits.joinsAfterMs > 0) {
      while (stage.phase === "joining") await stage.pause(LOOK_MS);
      await stage.pause(habits.joinsAfterMs);
    }
    const { patience = HASTE } = this.#parts;
    for (let failures = 0; stage.phase !== "over" && !this.#isFinished;) {
      const live = await this.#connect();
      failures = live === null ? failures + 1 : 0;
      await stage.pause(
        live === null ? patience.beforeConnect(failures) : await this.#visit(live),
      );
    }
  }

  /** Whether it is connected and was told that nothing waits any more. */
  get isDone(): boolean {
    return this.#live !== null && this.#live.client.empties > 0 && this.#sending.isDone;
  }

  /** Whether it has come back after {@linkcode return} and found nothing. */
  get isBack(): boolean {
    return this.isDone && this.record.connections.at(-1)?.isLast === true;
  }

  /** What keeps it from being done, for the message of a failing test. */
  get trouble(): string {
    const { user, device } = this.record;
    const state = this.#live === null
      ? `is not connected (${this.#failure})`
      : `was told ${this.#live.client.empties} times that nothing waits` +
        (this.#sending.isDone ? "" : ", and waits for an answer");
    return `${user}/${device} ${state}`;
  }

  /** Comes back once more, to see that nothing is left. */
  async return(): Promise<void> {
    this.#isLast = true;
    await this.leave();
  }

  /** Leaves and does not come back. */
  async finish(): Promise<void> {
    this.#isFinished = true;
    await this.leave();
  }

  /** Ends the connection, if there is one. */
  async leave(): Promise<void> {
    await this.#live?.client.close();
  }

  async #connect(): Promise<Actor["live"]> {
    const { stage, habits: { device, window, receipts, joinsAfterMs } } = this.#parts;
    const url = await stage.url();
    const pass = this.#parts.pass();
    if (stage.phase === "over" || this.#isFinished || pass === undefined) return null;
    const at = stage.now();
    try {
      const client = await TestClient.connect(url, {
        token: pass.text,
        device,
        window,
        receipts,
        ...(joinsAfterMs > 0 ? { start: "newest" as const } : {}),
        acknowledge: false,
      });
      pass.used?.(at, null);
      return { client, pass };
    } catch (error) {
      // The server was killed again meanwhile, or the pass counts no more.
      pass.used?.(at, error);
      this.#failure = error;
      return null;
    }
  }

  /** @returns how long it stays away, in milliseconds */
  async #visit({ client, pass }: NonNullable<Actor["live"]>): Promise<number> {
    const { stage, habits: { visits }, chance } = this.#parts;
    const connection = this.#begin(client, pass);
    this.#live = { client, pass };
    // It may have been told to finish while it signed in.
    if (this.#isFinished) await client.close();
    const acknowledger = new Acknowledger(client, connection, this.#refusals, this.#parts);
    const work = Promise.all([
      acknowledger.run(),
      this.#hear(client, connection),
      this.#sending.run(client, this.record.connections.length - 1),
    ]);
    if (visits !== undefined) {
      while (stage.phase === "joining") await stage.pause(LOOK_MS);
      await Promise.race([client.closed, stage.pause(chance.whole(50, visits.hereMs))]);
      // In a drain it stays where it is.
      if (stage.phase === "live") await client.close();
    }
    const closed = await client.closed;
    connection.ended = Math.min(connection.ended, stage.now());
    this.#live = null;
    await work;
    const { patience = HASTE } = this.#parts;
    const awayMs = visits === undefined || stage.phase !== "live"
      ? 0
      : chance.whole(0, visits.awayMs);
    return Math.max(patience.afterClose(closed), awayMs);
  }

  #begin(client: TestClient, { token }: Pass): ConnectionRecord {
    const { stage } = this.#parts;
    const connection: ConnectionRecord = {
      ...(token === undefined ? {} : { token }),
      since: stage.now(),
      ended: Infinity,
      pending: client.welcome?.pending ?? 0,
      isLast: this.#isLast,
      deliveries: [],
      receipts: [],
    };
    this.record.joined ??= connection.since;
    this.record.connections.push(connection);
    return connection;
  }

  /** Writes receipts down as they come. */
  async #hear(client: TestClient, { receipts }: ConnectionRecord): Promise<void> {
    const { stage, intern } = this.#parts;
    for (;;) {
      const receipt = await next(client, client.receipts, receipts.length);
      if (receipt === undefined) return;
      if (receipt.state !== "delivered") throw new Error("Nothing expires in a run");
      receipts.push({ id: intern(receipt.id), at: stage.now() });
    }
  }
}
