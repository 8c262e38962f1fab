/**
 * A person: signs in with an issuer's tokens, renews and ends what they are given, deletes
 * themselves and comes back, and writes down what they did and heard. Their devices read and write
 * as everybody else's do.
 *
 * @module
 */
import { Actor, type ActorParts, type Pass } from "../actor.ts";
import { ordinary } from "../habits.ts";
import type { DeviceRecord } from "../history.ts";
import { RUN_MS_MAX } from "../next.ts";
import { Account, type AccountParts } from "./account.ts";
import { refusalOf } from "./account_calls.ts";
import type { Act, Stay, TokenRecord } from "./account_history.ts";
import type { Handset } from "./handset.ts";
import type { PersonHabits } from "./person_habits.ts";

/** The devices on which a person reads. */
const DEVICES = ["phone", "tablet"] as const;

/** How long to wait before another attempt, in milliseconds. */
const RETRY_MS = 30;

/** Calls that a person makes while a device writes one message, about. */
const WRITING_PACE = 10;

/** Old tokens that are shown once more in the end; the newest, and those that were made. */
const SHOWN_MAX = 24;

/** What a {@linkcode Person} is made of. */
export interface PersonParts extends AccountParts, Pick<ActorParts, "intern" | "chance" | "stage"> {
  readonly habits: PersonHabits;
  /** Chance of its own for each device. */
  readonly chanceOf: (device: string) => ActorParts["chance"];
  /** Hears of each device whose messages count from now on. */
  readonly enlist: (device: DeviceRecord) => void;
}

/** One person and their devices. */
export class Person {
  /** Whether they have nothing more to do in a drain but read. */
  isSettled = false;
  readonly #parts: PersonParts;
  readonly #account: Account;
  readonly #runs: Promise<void>[] = [];
  /** Whether there is such a user now, as far as the person can know. */
  #presence: "here" | "gone" | "unknown" = "gone";
  /** The life of the user that it is, or was. */
  #stay: { readonly mark: Stay; readonly registered: string } | null = null;
  /** When the person first asked for the next life. */
  #asked: number | undefined;

  constructor(parts: PersonParts) {
    this.#parts = parts;
    this.#account = new Account(parts);
  }

  /** Whether the user has come into being once, and all devices that are signed in are there. */
  get hasJoined(): boolean {
    return this.#stay !== null && this.actors.every(({ hasJoined }) => hasJoined);
  }

  /** Those who read and write on the devices of the user's life. */
  get actors(): readonly Actor[] {
    return [...this.#account.handsets.values()].flatMap(({ actor }) => actor ?? []);
  }

  /** Acts until the run is over. */
  async run(): Promise<void> {
    const { stage, chance, habits } = this.#parts;
    while (stage.phase !== "over") {
      if (stage.phase === "live") await this.#step();
      else if (await this.#settle()) await this.#rest();
      if (stage.phase === "live") await stage.pause(chance.whole(10, habits.pauseMs));
      else await stage.pause(RETRY_MS);
    }
    await Promise.all(this.#runs);
  }

  /**
   * Shows all tokens once more, those that count and those that do not, and ends in one of the ways
   * in which one can end. Everything is drained by now, and nobody is killed any more.
   */
  async audit(): Promise<void> {
    const { chance } = this.#parts;
    const account = this.#account;
    const handsets = [...account.handsets.values()];
    // Whoever could not even sign in has nothing to show; the checker knows.
    if (!this.isSettled || handsets.length === 0) return;
    const handset = chance.pick(handsets);
    await this.#look(handset);
    for (const { access } of account.handsets.values()) await this.#show(access);
    await this.#showOld();
    const before = account.old.length;
    const end = chance.pick(["reuse", "logout", "logout all", "delete", "stay"] as const);
    if (end === "reuse") await this.#reuse(handset);
    if (end === "logout") await account.logout(handset);
    if (end === "logout all") await account.logoutAll(handset);
    if (end === "delete") {
      await account.delete(handset);
      this.#presence = "gone";
    }
    await this.#show(account.old.slice(before));
  }

  async #step(): Promise<void> {
    const { chance } = this.#parts;
    const { handsets, old } = this.#account;
    const signedIn = [...handsets.values()].filter(({ isIn }) => isIn);
    const isAway = this.#presence !== "here" || signedIn.length === 0;
    if (isAway || chance.chance(0.1)) {
      // Those who are away have one more reason to try what they had.
      if (old.length > 0 && chance.chance(0.5)) await this.#account.probe(chance.pick(old));
      else if (isAway) await this.#arrive(chance.chance(0.5) ? DEVICES : [chance.pick(DEVICES)]);
      return;
    }
    await this.#act(chance.pick(signedIn));
  }

  async #act(handset: Handset): Promise<void> {
    const { chance, habits } = this.#parts;
    const account = this.#account;
    const draw = chance.whole(0, 99);
    if (draw < 20) await account.me(chance.pick(handset.access));
    else if (draw < 42) await this.#refresh(handset);
    else if (draw < 58) await account.register(handset, chance.pick(habits.pushes));
    else if (draw < 66) await this.#arrive([chance.pick(DEVICES)]);
    else if (draw < 74) await this.#look(handset);
    else if (draw < 85) await account.useMade();
    else if (draw < 90) await account.logout(handset);
    else if (draw < 93) await this.#reuse(handset);
    else if (draw < 95) await account.logoutAll(handset);
    else if (draw < 98) await this.#delete(handset);
    else await this.#storm(handset, chance.chance(0.5));
  }

  /** In the end all devices of the user's life are signed in, so that they get what is theirs. */
  async #settle(): Promise<boolean> {
    const out = [...this.#account.handsets.values()].filter(({ isIn }) => !isIn);
    if (this.#presence !== "here") await this.#arrive(DEVICES);
    else if (out.length > 0) await this.#arrive(out.map(({ name }) => name));
    return this.#presence === "here" &&
      [...this.#account.handsets.values()].every(({ isIn }) => isIn);
  }

  async #rest(): Promise<void> {
    const { stage } = this.#parts;
    this.isSettled = stage.phase === "draining";
    await stage.pause(RUN_MS_MAX);
  }

  /** Signs in on some devices at once, and finds out whether it is the user of before. */
  async #arrive(names: readonly string[]): Promise<void> {
    const { handsets } = this.#account;
    if (this.#presence !== "here") this.#asked ??= this.#parts.stage.now();
    await Promise.all(names.map((name) => this.#account.signIn(name)));
    const opened = names.flatMap((name) => handsets.get(name) ?? []).filter(({ isIn }) => isIn);
    const [first] = opened;
    if (first === undefined) return;
    if (this.#presence !== "here" && !await this.#findOut(first, opened)) return;
    for (const handset of opened) this.#staff(handset);
  }

  /** A user that was registered at the same time as before is the same: its deletion was cut. */
  async #findOut(first: Handset, opened: readonly Handset[]): Promise<boolean> {
    const { stage } = this.#parts;
    const token = first.access.at(-1);
    if (token === undefined) return false;
    let answer: Act["answer"];
    while (answer === undefined && stage.phase !== "over") {
      answer = (await this.#account.me(token)).answer;
    }
    if (answer?.kind !== "done") return false;
    const { registered = "" } = answer.told.user ?? {};
    const isSame = this.#presence === "unknown" && this.#stay?.registered === registered;
    if (!isSame) {
      await this.#leave(opened);
      this.#stay = { mark: { asked: this.#asked ?? answer.at, hasLeft: false }, registered };
    }
    this.#asked = undefined;
    this.#presence = "here";
    return true;
  }

  /** A life of the user is over: its devices go, but for those that are in the next already. */
  async #leave(opened: readonly Handset[] = []): Promise<void> {
    const { handsets } = this.#account;
    const { actors } = this;
    if (this.#stay !== null) this.#stay.mark.hasLeft = true;
    for (const handset of [...handsets.values()]) {
      handset.actor = null;
      if (!opened.includes(handset)) handsets.delete(handset.name);
    }
    await Promise.all(actors.map((actor) => actor.finish()));
  }

  async #refresh(handset: Handset): Promise<void> {
    const { access, refresh } = handset;
    const act = await this.#account.refresh(handset);
    if (act?.answer !== undefined) return;
    // Nobody knows which token counts, but the session goes on.
    await this.#account.me(this.#parts.chance.pick(access));
    await this.#account.refresh(handset, refresh);
  }

  /** Uses a token once more, and shows what this ended. */
  async #reuse(handset: Handset): Promise<void> {
    const account = this.#account;
    if (handset.used.length === 0) await this.#refresh(handset);
    const used = handset.used.at(-1);
    if (used === undefined) return;
    const { refresh, access } = handset;
    const { answer } = await account.refresh(handset, used) ?? {};
    if (answer === undefined || refresh === undefined) return;
    await account.probe(refresh);
    await this.#show(access.slice(-1));
  }

  /** Ends everything while another device renews its tokens. */
  async #storm(handset: Handset, isDelete: boolean): Promise<void> {
    const account = this.#account;
    const other = [...account.handsets.values()].find((one) => one !== handset && one.isIn);
    if (other?.refresh === undefined) return;
    const [, act] = await Promise.all([
      isDelete ? this.#delete(handset) : account.logoutAll(handset),
      account.probe(other.refresh),
    ]);
    const tokens = act.answer?.kind === "done" ? act.answer.told.tokens ?? [] : [];
    await this.#show(tokens.toReversed());
  }

  async #delete(handset: Handset): Promise<void> {
    const { answer } = await this.#account.delete(handset) ?? {};
    this.#presence = answer?.kind === "done" ? "gone" : "unknown";
    if (this.#presence === "gone") await this.#leave();
  }

  async #look(handset: Handset): Promise<void> {
    await this.#account.list(handset);
    await this.#account.export(handset);
  }

  async #showOld(): Promise<void> {
    const { old } = this.#account;
    const made = old.filter(({ kind }) => kind === "made");
    await this.#show([...new Set([...old.slice(-SHOWN_MAX), ...made.slice(-SHOWN_MAX)])]);
  }

  async #show(tokens: readonly TokenRecord[]): Promise<void> {
    for (const token of tokens) await this.#account.probe(token);
  }

  /** Lets somebody read and write on a device that has nobody yet. */
  #staff(handset: Handset): void {
    const { record: { user }, habits: { targets, pauseMs }, stage, intern, enlist } = this.#parts;
    if (handset.actor !== null || this.#stay === null) return;
    const { name: device } = handset;
    const habits = ordinary({
      user,
      device,
      targets,
      cids: true,
      acknowledges: device === "phone" ? "at once" : "late",
      pauseMs: WRITING_PACE * pauseMs,
    });
    const { mark: stay } = this.#stay;
    const chance = this.#parts.chanceOf(device);
    const pass = () => this.#pass(handset);
    const actor = new Actor({ habits, stage, chance, intern, pass, stay });
    handset.actor = actor;
    enlist(actor.record);
    this.#runs.push(actor.run());
  }

  /** The newest token, while the person knows that it counts. */
  #pass({ access }: Handset): Pass | undefined {
    const token = access.at(-1);
    if (token === undefined || this.#presence !== "here") return undefined;
    return {
      text: token.text,
      token,
      used: (at, error) => {
        const now = this.#parts.stage.now();
        const done = { kind: "done", at: now, told: {} } as const;
        this.#account.visited(token, at, error === null ? done : refusalOf(error, now));
      },
    };
  }
}
