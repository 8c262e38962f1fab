/**
 * One person's calls, each written down, and what the person holds and believes after them.
 *
 * @module
 */
import type { Stage } from "../stage.ts";
import type { Seeded } from "../seeded.ts";
import { type Ask, byConnection, byHttp } from "./account_calls.ts";
import type { Act, PersonRecord, TokenRecord, Told } from "./account_history.ts";
import { devicesOf, exportAll, exportOf, tokensOf, userOf } from "./account_answers.ts";
import { Handset } from "./handset.ts";

/** The device for which the deployment makes tokens; nothing is read on it. */
export const DESK = "desk";

/** How often a call goes over the connection that a device has anyway. */
const OVER_CONNECTION = 0.4;

/** What an {@linkcode Account} is made of. */
export interface AccountParts {
  readonly record: PersonRecord;
  readonly stage: Stage;
  readonly chance: Seeded;
  /** An ID token of the person, of now. */
  readonly idToken: () => string;
  /** A token that the deployment makes for a device. */
  readonly makeToken: (device: string) => Promise<string>;
}

/** A token and a way to ask with it. */
interface Channel {
  readonly token: TokenRecord;
  readonly ask: Ask;
}

/** Makes calls. Whoever uses it makes them one after another. */
export class Account {
  readonly handsets = new Map<string, Handset>();
  /** Tokens that counted once, or may have: to be shown again later. */
  readonly old: TokenRecord[] = [];
  #made: TokenRecord | undefined;
  /** ID tokens that were used since the person last ended everything. */
  #idTokens: readonly TokenRecord[] = [];
  #sessions = 0;
  readonly #parts: AccountParts;

  constructor(parts: AccountParts) {
    this.#parts = parts;
  }

  /** Signs in on a device, which becomes known. */
  async signIn(device: string): Promise<Act> {
    const handset = this.handsets.get(device) ?? new Handset(device);
    this.handsets.set(device, handset);
    const text = this.#parts.idToken();
    this.#idTokens = [...this.#idTokens, this.#other("id", device, text)];
    const act = await this.#signInWith(text, { device });
    this.#retire(handset);
    if (act.answer?.kind === "done") handset.take(act.answer.told.tokens ?? []);
    return act;
  }

  /** Uses a refresh token: the one that counts, where none is given. */
  async refresh(handset: Handset, token = handset.refresh): Promise<Act | undefined> {
    if (token === undefined) return undefined;
    const act = await this.#refreshWith(token);
    const isCurrent = token === handset.refresh;
    if (act.answer?.kind === "done" && isCurrent) handset.take(act.answer.told.tokens ?? []);
    // Whoever used up a token without hearing so tries it once more: see Person.
    else if (act.answer !== undefined || !isCurrent) this.#retire(handset);
    return act;
  }

  /** Asks who is signed in, with any token. */
  async me(token: TokenRecord): Promise<Act> {
    const ask = byHttp(this.#parts.stage, token.text);
    return await this.#do({ kind: "me", token }, () => ask("user.me"), (result) => ({
      user: userOf(result),
    }));
  }

  /** Asks for the list of devices. */
  async list(handset: Handset): Promise<Act | undefined> {
    return await this.#over(handset, { kind: "list" }, (ask) => ask("device.list"), (result) => ({
      devices: devicesOf(result),
    }));
  }

  /** Asks for everything that is kept. */
  async export(handset: Handset): Promise<Act | undefined> {
    return await this.#over(handset, { kind: "export" }, exportAll, exportOf);
  }

  /** Has a device woken by a push token. */
  async register(handset: Handset, push: string): Promise<Act | undefined> {
    return await this.#over(
      handset,
      { kind: "register", push },
      (ask) => ask(...registration(push)),
    );
  }

  /** Signs a device out. */
  async logout(handset: Handset): Promise<Act | undefined> {
    const act = await this.#over(handset, { kind: "logout" }, (ask) => ask("auth.logout"));
    this.#retire(handset);
    return act;
  }

  /** Signs all devices out. */
  async logoutAll(handset: Handset): Promise<Act | undefined> {
    const act = await this.#over(handset, { kind: "logout all" }, (ask) => ask("auth.logoutAll"));
    this.#retireAll(act);
    return act;
  }

  /** Deletes the user. */
  async delete(handset: Handset): Promise<Act | undefined> {
    const act = await this.#over(handset, { kind: "delete" }, (ask) => ask("user.delete"));
    this.#retireAll(act);
    return act;
  }

  /** Does something with a token that the deployment made. */
  async useMade(): Promise<Act> {
    const { stage, chance, record, makeToken } = this.#parts;
    const token = this.#made ??= this.#other("made", DESK, await makeToken(DESK));
    if (!record.made.includes(token)) record.made.push(token);
    const ask = byHttp(stage, token.text);
    if (chance.chance(0.6)) return await this.me(token);
    if (chance.chance(0.7)) {
      const push = `desk-${chance.whole(1, 3)}`;
      return await this.#do(
        { kind: "register", token, push },
        () => ask(...registration(push)),
        nothing,
      );
    }
    const act = await this.#do({ kind: "logout", token }, () => ask("auth.logout"), nothing);
    this.#retireMade();
    return act;
  }

  /** Shows a token of before. */
  async probe(token: TokenRecord): Promise<Act> {
    const { kind, device, text } = token;
    if (kind === "id") return await this.#signInWith(text, { device, token });
    if (kind !== "refresh") return await this.me(token);
    const act = await this.#refreshWith(token);
    // It may be one that nobody knew about: then these are the last of that session.
    if (act.answer?.kind === "done") this.old.push(...act.answer.told.tokens ?? []);
    return act;
  }

  /** A sign-in of a connection, which happens in its own time. */
  visited(token: TokenRecord, at: number, answer: Act["answer"]): void {
    this.#parts.record.acts.push({ kind: "visit", device: token.device, token, at, answer });
  }

  async #signInWith(
    text: string,
    about: Pick<Act, "token"> & { readonly device: string },
  ): Promise<Act> {
    const { device } = about;
    const ask = byHttp(this.#parts.stage);
    const session = ++this.#sessions;
    const given = { device, session, generation: 0, began: undefined };
    return await this.#do(
      { kind: "sign in", ...about },
      () => ask("auth.google", { token: text, device, refresh: true }),
      (result) => this.#given(given, result),
    );
  }

  #refreshWith(token: TokenRecord): Promise<Act> {
    const given = { ...token, generation: token.generation + 1 };
    const ask = byHttp(this.#parts.stage);
    return this.#do(
      { kind: "refresh", token },
      () => ask("auth.refresh", { refresh: token.text }),
      (result) => this.#given(given, result),
    );
  }

  async #over(
    handset: Handset,
    about: Pick<Act, "kind" | "push">,
    call: (ask: Ask) => ReturnType<Ask>,
    tell: (result: unknown) => Told = nothing,
  ): Promise<Act | undefined> {
    // A connection that was there before the server was killed leads nowhere.
    await this.#parts.stage.url();
    const channel = this.#channel(handset);
    if (channel === undefined) return undefined;
    const { token, ask } = channel;
    return await this.#do({ ...about, token }, () => call(ask), tell);
  }

  /** The connection of the device, or a request of its own with any token that counts. */
  #channel({ actor, access, refresh }: Handset): Channel | undefined {
    const { stage, chance } = this.#parts;
    if (refresh === undefined) return undefined;
    const live = actor?.live;
    const token = live?.pass.token;
    const isOwn = live?.client.isOpen === true && token?.session === refresh.session;
    if (live && token !== undefined && isOwn && chance.chance(OVER_CONNECTION)) {
      return { token, ask: byConnection(stage, live.client) };
    }
    const any = chance.pick(access);
    return { token: any, ask: byHttp(stage, any.text) };
  }

  async #do(
    about: Pick<Act, "kind" | "token" | "push"> & { readonly device?: string },
    call: () => ReturnType<Ask>,
    tell: (result: unknown) => Told,
  ): Promise<Act> {
    const { stage, record } = this.#parts;
    const device = about.device ?? about.token?.device ?? "";
    // What an act may have done ends with the process that it goes to.
    await stage.url();
    const act: Act = { ...about, device, at: stage.now(), answer: undefined };
    record.acts.push(act);
    const asked = await call();
    act.answer = asked?.kind === "done"
      ? { kind: "done", at: asked.at, told: tell(asked.result) }
      : asked;
    return act;
  }

  /** The tokens of an answer, as they are written down. */
  #given(
    about: Pick<TokenRecord, "device" | "session" | "generation"> & {
      readonly began: number | undefined;
    },
    result: unknown,
  ): Told {
    return tokensOf({ ...about, began: about.began ?? this.#parts.stage.now() }, result);
  }

  /** A token that no session is behind. */
  #other(kind: TokenRecord["kind"], device: string, text: string): TokenRecord {
    return { kind, device, session: 0, generation: 0, text, began: this.#parts.stage.now() };
  }

  #retire(handset: Handset): void {
    this.old.push(...handset.drop());
  }

  #retireMade(): void {
    if (this.#made !== undefined) this.old.push(this.#made);
    this.#made = undefined;
  }

  #retireAll(act: Act | undefined): void {
    for (const handset of this.handsets.values()) this.#retire(handset);
    this.#retireMade();
    // One that still counts would sign in.
    if (act?.answer?.kind !== "done") return;
    this.#parts.record.made.push(...this.#idTokens);
    this.old.push(...this.#idTokens);
    this.#idTokens = [];
  }
}

function registration(push: string): [method: string, params: object] {
  return ["device.register", { platform: "android", push: { provider: "fcm", token: push } }];
}

function nothing(): Told {
  return {};
}
