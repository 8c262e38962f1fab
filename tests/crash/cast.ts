/**
 * Everybody who takes part in a run: the devices that are there from the start to the end, and the
 * people who come and go.
 *
 * @module
 */
import { LocalIssuer } from "../harness/local_issuer.ts";
import { makeToken } from "../harness/server_process.ts";
import { within } from "../harness/wait_for.ts";
import { Actor } from "./actor.ts";
import type { Habits } from "./habits.ts";
import type { DeviceRecord } from "./history.ts";
import type { PersonRecord } from "./people/account_history.ts";
import { HASTE, type Patience } from "./patience.ts";
import { Person } from "./people/person.ts";
import { type PersonHabits, userIdOf } from "./people/person_habits.ts";
import { Seeded } from "./seeded.ts";
import type { Stage } from "./stage.ts";

/** For whom the issuer's tokens are. */
const AUDIENCE = "titan-app";

/** How long everybody may take to leave, in milliseconds. */
const LEAVE_MS_MAX = 30_000;

/** What a {@linkcode Cast} is made of. */
export interface CastParts {
  readonly seed: number;
  readonly stage: Stage;
  /** That of the server, whose secret signs tokens. */
  readonly dataDir: string;
  readonly habits: readonly Habits[];
  readonly people: readonly PersonHabits[];
  /** Signs the tokens of the devices. @default {for an hour, with the secret in the directory} */
  readonly sign?: (user: string) => Promise<string>;
  /** How one of them waits where something went wrong. @default {HASTE} */
  readonly patience?: (chance: Seeded) => Patience;
}

/** Everybody. Disposing of it ends the issuer whose tokens the people have. */
export class Cast implements AsyncDisposable {
  /** Of all devices, also of those that come later. */
  readonly devices: DeviceRecord[] = [];
  readonly people: readonly PersonRecord[];
  readonly #parts: CastParts;
  readonly #issuer: LocalIssuer | null;
  readonly #actors: readonly Actor[];
  readonly #persons: readonly Person[];
  readonly #texts = new Map<string, string>();
  readonly #runs: Promise<void>[] = [];

  private constructor(parts: CastParts, actors: (cast: Cast) => readonly Actor[]) {
    this.#parts = parts;
    const { people } = parts;
    this.#issuer = people.length === 0
      ? null
      : LocalIssuer.start({ algorithms: ["ES256"], audience: AUDIENCE });
    this.#actors = actors(this);
    this.devices.push(...this.#actors.map(({ record }) => record));
    this.people = people.map(({ subject, email }) => {
      return { user: userIdOf(subject), email, acts: [], made: [] };
    });
    this.#persons = this.people.map((record, index) => this.#person(record, people[index]));
  }

  /** Brings everybody together; nobody does anything yet. */
  static async create(parts: CastParts): Promise<Cast> {
    const { seed, stage, dataDir, habits, patience = () => HASTE } = parts;
    const { sign = (user) => makeToken(dataDir, undefined, { user }) } = parts;
    const tokens = await Promise.all(habits.map(({ user }) => sign(user)));
    return new Cast(parts, (cast) =>
      habits.map((one, index) => {
        const chance = Seeded.of(seed, `${one.user}/${one.device}`);
        const pass = { text: tokens[index] ?? "" };
        const intern = (text: string) => cast.#intern(text);
        const waits = patience(Seeded.of(seed, `patience of ${one.user}/${one.device}`));
        const parts = { habits: one, stage, chance, intern, pass: () => pass, patience: waits };
        return new Actor(parts);
      }));
  }

  /** What the server has to know of the issuer. */
  get env(): Readonly<Record<string, string>> {
    if (this.#issuer === null) return {};
    return { GOOGLE_CLIENT_ID: AUDIENCE, TITAN_GOOGLE_ISSUER: this.#issuer.url };
  }

  /** Whether everybody has signed in once, or comes later anyway. */
  get hasJoined(): boolean {
    return [...this.#actors, ...this.#persons].every(({ hasJoined }) => hasJoined);
  }

  /** Whether everybody is there, and was told that nothing waits any more. */
  get isDone(): boolean {
    return this.#persons.every(({ isSettled }) => isSettled) &&
      this.#everyActor.every(({ isDone }) => isDone);
  }

  /** Whether everybody has come back after {@linkcode Cast.return} and found nothing. */
  get isBack(): boolean {
    return this.#everyActor.every(({ isBack }) => isBack);
  }

  /** Who is not back, and why, a line each. */
  get missing(): readonly string[] {
    return this.#everyActor.filter(({ isBack }) => !isBack).map(({ trouble }) => trouble);
  }

  /** Everybody acts until the run is over. */
  run(): void {
    this.#runs.push(...[...this.#actors, ...this.#persons].map((one) => one.run()));
  }

  /** Everybody comes back once more, to see that nothing is left. */
  async return(): Promise<void> {
    await Promise.all(this.#everyActor.map((actor) => actor.return()));
  }

  /** The people show what became of their tokens. */
  async audit(): Promise<void> {
    await Promise.all(this.#persons.map((person) => person.audit()));
  }

  /** Everybody leaves; the run must be over. */
  async leave(): Promise<void> {
    await Promise.all(this.#everyActor.map((actor) => actor.leave()));
    await within(Promise.all(this.#runs), LEAVE_MS_MAX, "all clients to leave");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#issuer?.[Symbol.asyncDispose]();
  }

  get #everyActor(): readonly Actor[] {
    return [...this.#actors, ...this.#persons.flatMap(({ actors }) => actors)];
  }

  #person(record: PersonRecord, habits: PersonHabits | undefined): Person {
    const { seed, stage, dataDir } = this.#parts;
    const issuer = this.#issuer;
    if (habits === undefined || issuer === null) throw new Error("There is no such person");
    const { user, email } = record;
    const { subject: sub } = habits;
    let lives = 0;
    return new Person({
      habits,
      record,
      stage,
      chance: Seeded.of(seed, user),
      chanceOf: (device) => Seeded.of(seed, `${user}/${device} ${++lives}`),
      intern: (text) => this.#intern(text),
      // With its milliseconds: who leaves may come back in the same second.
      idToken: () => issuer.token({ sub, email, iat: Date.now() / 1000 }),
      makeToken: (device) => makeToken(dataDir, undefined, { user, device }),
      enlist: (device) => this.devices.push(device),
    });
  }

  /** One string of equal ones, so that a long run fits in memory. */
  #intern(text: string): string {
    const known = this.#texts.get(text);
    if (known === undefined) this.#texts.set(text, text);
    return known ?? text;
  }
}
