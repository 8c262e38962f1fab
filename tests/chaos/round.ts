/**
 * One round of chat: everybody signs in, chats while something happens to the server, and gets in
 * the end what is left. What it looks at is the records of the clients and nothing else.
 *
 * @module
 */
import { Cast } from "../crash/cast.ts";
import { check, isDrained } from "../crash/checker.ts";
import {
  acceptanceOf,
  type DeviceRecord,
  type History,
  type SentRecord,
} from "../crash/history.ts";
import { courtesy } from "../crash/patience.ts";
import { Stage } from "../crash/stage.ts";
import type { Violation } from "../crash/violation.ts";
import { chatHabits, type ChatSize } from "./chat_habits.ts";

/** How long anything may take that has to happen, in milliseconds. */
const WAIT_MS_MAX = 60_000;

/** How often to look whether it has, in milliseconds. */
const LOOK_MS = 50;

/** What has not come when nothing has come for so long comes no more, in milliseconds. */
const QUIET_MS = 10_000;

/** How often to look through all records whether all has come, in milliseconds. */
const ARRIVED_LOOK_MS = 1000;

/** Answers of one sender that are looked at, from the newest on. */
const NEWEST = 64;

/** What a round is. */
export interface RoundOptions extends ChatSize {
  /** What the names of its users begin with. */
  readonly name: string;
  readonly seed: number;
  readonly url: string;
  /** Of the server, whose secret signs tokens. */
  readonly dataDir: string;
  /** Error codes that may refuse a message: a retry has to help. */
  readonly refusals: readonly number[];
  /** Signs a token for a user. */
  readonly sign: (user: string) => Promise<string>;
}

/** One round. Disposing of it ends all its connections. */
export class Round implements AsyncDisposable {
  readonly name: string;
  readonly history: History;
  readonly stage: Stage;
  readonly #cast: Cast;
  readonly #complaints: string[] = [];

  private constructor({ name, refusals }: RoundOptions, stage: Stage, cast: Cast) {
    this.name = name;
    this.stage = stage;
    this.#cast = cast;
    this.history = { devices: cast.devices, people: [], lives: [], refusals: new Set(refusals) };
  }

  /** Signs everybody in and lets them chat. */
  static async join(options: RoundOptions): Promise<Round> {
    const { name, seed, dataDir, url, sign } = options;
    const stage = new Stage();
    const habits = chatHabits(name, options);
    const cast = await Cast.create({
      ...{ seed, stage, dataDir, habits, people: [], sign },
      patience: courtesy,
    });
    const round = new Round(options, stage, cast);
    try {
      cast.run();
      stage.opened(url);
      await round.#until("everybody is there", () => cast.hasJoined);
      stage.enter("live");
      return round;
    } catch (error) {
      await round[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The server died at a moment: nothing that anybody did afterwards can have reached it. */
  died(at: number): void {
    for (const { connections } of this.history.devices) {
      const last = connections.at(-1);
      if (last !== undefined && last.since < at) last.ended = Math.min(last.ended, at);
    }
  }

  /** Waits until every sender has had an acknowledgement that came after a moment. */
  async recovered(since: number): Promise<void> {
    const senders = this.history.devices.filter(({ sent }) => sent.length > 0);
    const isServed = (sender: DeviceRecord) => isServedSince(sender, since);
    await this.#until("every sender is served again", () => senders.every(isServed));
  }

  /** Waits until somebody's message was refused after a moment. */
  async refused(since: number): Promise<void> {
    const isRefused = ({ attempts }: SentRecord) =>
      attempts.some(({ answer }) => answer?.kind === "refused" && answer.at > since);
    const { devices } = this.history;
    const isOver = () => devices.some(({ sent }) => sent.slice(-NEWEST).some(isRefused));
    await this.#until("somebody is refused", isOver);
  }

  /**
   * Nobody writes any more; waits until everything has arrived, and everybody came back once. What
   * does not come is for {@linkcode Round.check} to tell.
   */
  async drain(): Promise<void> {
    this.stage.enter("draining");
    const waits = [
      await this.#wait("all is answered", () => this.#cast.isDone),
      await this.#wait("all has arrived", this.#isSettled()),
    ];
    await this.#cast.return();
    waits.push(await this.#wait("everybody came back", () => this.#cast.isBack));
    this.#complaints.push(...waits.filter((complaint) => complaint !== null));
  }

  /** What was broken. */
  check(): readonly Violation[] {
    const violations = check(this.history);
    if (violations.length > 0) return violations;
    return this.#complaints.map((what) => ({ rule: "I9", what, history: [] }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stage.enter("over");
    await this.#cast.leave();
  }

  /** Whether all has arrived, or nothing has come for a while; both take a long look. */
  #isSettled(): () => boolean {
    let seen = -1;
    let since = this.stage.now();
    let looked = -Infinity;
    return () => {
      const now = this.stage.now();
      const came = arrivalsOf(this.history);
      if (came !== seen) [seen, since] = [came, now];
      if (now - since > QUIET_MS) return true;
      if (now - looked < ARRIVED_LOOK_MS) return false;
      looked = now;
      return isDrained(this.history);
    };
  }

  /** Waits for something that has to happen. */
  async #until(what: string, condition: () => boolean): Promise<void> {
    const complaint = await this.#wait(what, condition);
    if (complaint !== null) throw new Error(complaint);
  }

  /** Waits, but not for ever. @returns what there is to complain of; null: it has happened */
  async #wait(what: string, condition: () => boolean): Promise<string | null> {
    const deadline = this.stage.now() + WAIT_MS_MAX;
    while (!condition()) {
      if (this.stage.now() > deadline) {
        return `Waited ${WAIT_MS_MAX / 1000} s until ${what}, in vain`;
      }
      await this.stage.pause(LOOK_MS);
    }
    return null;
  }
}

function arrivalsOf({ devices }: History): number {
  let arrivals = 0;
  for (const { connections } of devices) {
    for (const { deliveries } of connections) arrivals += deliveries.length;
  }
  return arrivals;
}

function isServedSince({ sent }: DeviceRecord, since: number): boolean {
  return sent.slice(-NEWEST).some((message) => (acceptanceOf(message)?.at ?? 0) > since);
}
