/**
 * What a person's acts mean: from when on each token may be refused and must be, when devices lost
 * their push, when there was no such user, and which life of the user began when.
 *
 * @module
 */
import type { Life } from "../history.ts";
import type { Act, PersonRecord, TokenRecord } from "./account_history.ts";

/** While nobody can say whether a token counts, by what was done then. */
interface Doubt {
  readonly at: number;
  readonly by: Act;
  /** Where what was done turned out to be undone: the end of the process that it went to. */
  until: number;
}

/** How long a token counts. */
export interface Validity {
  readonly doubts: Doubt[];
  /** From here on it is refused, for ever. */
  dead: number;
  /** What killed it. */
  why: string;
  /** The act that said so. */
  by: Act | null;
}

/** Something that was done, or may have been, at some moment from one on to another. */
export interface Span {
  readonly from: number;
  readonly to: number;
  /** Whether it was done for certain. */
  readonly isCertain: boolean;
}

/** One life of the user. */
export interface StayTold {
  /** When the person asked for it first. */
  readonly asked: number;
}

/** What a person's acts mean. */
export interface Story {
  readonly person: PersonRecord;
  readonly tokens: ReadonlyMap<TokenRecord, Validity>;
  /** When a device was signed out, which takes its push away, by device. */
  readonly endings: ReadonlyMap<string, readonly Span[]>;
  /** When there may have been no such user. */
  readonly absences: readonly { readonly from: number; readonly to: number }[];
  /** When there was none. */
  readonly vacancies: readonly { readonly from: number; readonly to: number }[];
  readonly stays: readonly StayTold[];
  /** When the user was deleted, or may have been. */
  readonly deletions: readonly Span[];
  /** What is wrong with it as it stands. */
  readonly faults: readonly { readonly rule: string; readonly what: string; readonly act: Act }[];
}

/** When something was answered, or else the process ended that it went to. */
export function endOf(
  { at, answer }: { readonly at: number; readonly answer: { readonly at: number } | undefined },
  lives: readonly Life[],
): number {
  if (answer !== undefined) return answer.at;
  return lives.find(({ killed }) => killed >= at)?.killed ?? Infinity;
}

/** Whether an act may have met a token that something else had ended. */
export function isDoubtful({ doubts }: Validity, act: Act): boolean {
  const end = act.answer?.at ?? Infinity;
  return doubts.some(({ at, by, until }) => by !== act && at < end && act.at <= until);
}

/** Reads the acts of a person. */
export function readStory(person: PersonRecord, lives: readonly Life[]): Story {
  const reader = new Reader(person, lives);
  for (const act of person.acts) reader.read(act);
  return reader.story();
}

/** Whether an act was done, or may have been. */
function mayBeDone({ answer }: Act): boolean {
  return answer === undefined || answer.kind === "done";
}

class Reader {
  readonly #person: PersonRecord;
  readonly #lives: readonly Life[];
  readonly #tokens = new Map<TokenRecord, Validity>();
  readonly #endings = new Map<string, Span[]>();
  readonly #absences: { from: number; to: number }[] = [];
  readonly #vacancies: { from: number; to: number }[] = [];
  readonly #stays: StayTold[] = [];
  readonly #deletions: Span[] = [];
  readonly #faults: Story["faults"][number][] = [];
  /** Since when there may be nobody, and since when there is. */
  #absentSince: number | null = 0;
  #vacantSince: number | null = 0;
  /** The deletions of which nobody has heard yet whether they were done: those that were first. */
  #pending: readonly Act[] = [];
  #asked: number | null = null;
  #registered: string | undefined;

  constructor(person: PersonRecord, lives: readonly Life[]) {
    this.#person = person;
    this.#lives = lives;
    const given = person.acts.flatMap(({ answer }) =>
      answer?.kind === "done" ? answer.told.tokens ?? [] : []
    );
    for (const token of [...person.made, ...given]) {
      this.#tokens.set(token, { doubts: [], dead: Infinity, why: "", by: null });
    }
  }

  read(act: Act): void {
    const { answer } = act;
    if (mayBeDone(act)) this.#done(act);
    if (act.kind === "refresh") this.#refreshed(act);
    const registered = answer?.kind === "done" ? answer.told.user?.registered : undefined;
    if (registered !== undefined) this.#met(act, registered);
    if (answer?.kind === "refused" && act.token !== undefined) {
      const validity = this.#tokens.get(act.token);
      if (validity !== undefined && answer.at < validity.dead) {
        Object.assign(validity, { dead: answer.at, why: "it was refused before", by: act });
      }
    }
  }

  story(): Story {
    if (this.#absentSince !== null) this.#absences.push({ from: this.#absentSince, to: Infinity });
    if (this.#vacantSince !== null) this.#vacancies.push({ from: this.#vacantSince, to: Infinity });
    return {
      person: this.#person,
      tokens: this.#tokens,
      endings: this.#endings,
      absences: this.#absences,
      vacancies: this.#vacancies,
      stays: this.#stays,
      deletions: this.#deletions,
      faults: this.#faults,
    };
  }

  #done(act: Act): void {
    const { token, device } = act;
    switch (act.kind) {
      case "sign in":
        this.#entered(act);
        // An issuer's token, or the deployment's, is good for as many as one likes.
        return this.#kill(act, (other) => other.session > 0 && other.device === device);
      case "logout":
        this.#end(act, device);
        return this.#kill(act, (other) => other === token || isSameSession(other, token));
      case "delete":
        this.#deletions.push(spanOf(act, this.#lives));
        this.#absentSince ??= act.at;
        if (act.answer?.kind === "done") this.#vacantSince ??= act.answer.at;
        this.#pending = act.answer?.kind === "done" ? [act] : [...this.#pending, act];
        this.#asked = null;
        return this.#killAll(act);
      case "logout all":
        return this.#killAll(act);
    }
  }

  #entered(act: Act): void {
    this.#asked ??= act.at;
    if (this.#vacantSince !== null) this.#vacancies.push({ from: this.#vacantSince, to: act.at });
    this.#vacantSince = null;
    if (act.answer?.kind !== "done" || this.#absentSince === null) return;
    this.#absences.push({ from: this.#absentSince, to: act.answer.at });
    this.#absentSince = null;
  }

  /** A refresh token is good for one use; where it comes again, its session ends (RFC 9700 §4.14.2). */
  #refreshed(act: Act): void {
    const { token, device, answer } = act;
    const validity = token && this.#tokens.get(token);
    if (token === undefined || validity === undefined) return;
    const wasUsed = validity.doubts.some(({ at }) => at < act.at);
    if (mayBeDone(act)) this.#kill(act, (other) => other === token);
    const isRefused = answer?.kind === "refused";
    if (!isRefused && !(wasUsed && answer === undefined)) return;
    this.#kill(act, (other) => isSameSession(other, token), isRefused);
    // One that was revoked ended nothing: it found its session over.
    if (!isRefused || answer.why === "reused") this.#end(act, device, isRefused);
  }

  /** The user was registered at a time: another one than before only after a deletion. */
  #met(act: Act, registered: string): void {
    const pending = this.#pending;
    const [first] = pending;
    const known = this.#registered;
    const fault = (what: string) => this.#faults.push({ rule: "delete", what, act });
    if (registered === known) {
      if (first?.answer !== undefined) fault("the user is still the one that was deleted");
      const isOver = (deletion: Act) => endOf(deletion, this.#lives) < act.at;
      for (const deletion of pending.filter(isOver)) this.#undo(deletion);
      this.#pending = pending.filter((deletion) => !isOver(deletion));
      return;
    }
    if (known !== undefined && first === undefined) {
      fault(`the user was registered at ${known}, and now at ${registered}`);
    }
    // A deletion that was cut was done after all.
    const at = act.answer?.at ?? act.at;
    if (first !== undefined && known !== undefined) {
      this.#killAll({ ...first, answer: { kind: "done", at, told: {} } });
    }
    this.#registered = registered;
    this.#pending = [];
    this.#stays.push({ asked: this.#asked ?? act.at });
  }

  #killAll(act: Act): void {
    const devices = new Set(this.#person.acts.map(({ device }) => device));
    for (const device of devices) this.#end(act, device);
    this.#kill(act, () => true);
  }

  #kill(
    act: Act,
    which: (token: TokenRecord) => boolean,
    isCertain = act.answer?.kind === "done",
  ): void {
    for (const [token, validity] of this.#tokens) {
      if (token.began > act.at || !which(token)) continue;
      validity.doubts.push({ at: act.at, by: act, until: Infinity });
      const at = act.answer?.at ?? Infinity;
      if (!isCertain || at >= validity.dead) continue;
      Object.assign(validity, { dead: at, why: act.kind, by: act });
    }
  }

  /**
   * A deletion was cut and not done: on disk it has ended nothing, not even tokens. The process that
   * it went to may have refused them while it was under way; none that came later may.
   */
  #undo(deletion: Act): void {
    const end = endOf(deletion, this.#lives);
    for (const validity of this.#tokens.values()) {
      for (const doubt of validity.doubts) if (doubt.by === deletion) doubt.until = end;
      const { by } = validity;
      const isOfThen = by !== null && by.at <= end && (by.answer?.at ?? Infinity) >= deletion.at;
      // One that came twice has ended its session for good, whoever else wanted to.
      if (!isOfThen || by.answer?.kind !== "refused" || by.answer.why === "reused") continue;
      Object.assign(validity, { dead: Infinity, why: "", by: null });
    }
  }

  #end(act: Act, device: string, isCertain = act.answer?.kind === "done"): void {
    const list = this.#endings.get(device) ?? [];
    this.#endings.set(device, list);
    list.push({ ...spanOf(act, this.#lives), isCertain });
  }
}

function spanOf(act: Act, lives: readonly Life[]): Span {
  return { from: act.at, to: endOf(act, lives), isCertain: act.answer?.kind === "done" };
}

function isSameSession(one: TokenRecord, other: TokenRecord | undefined): boolean {
  return one.session > 0 && one.session === other?.session;
}
