/**
 * One device of a person: the tokens that it holds, and the actor that reads and writes on it.
 *
 * @module
 */
import type { Actor } from "../actor.ts";
import type { TokenRecord } from "./account_history.ts";

/** A device and what it holds. */
export class Handset {
  readonly name: string;
  /** Who reads and writes on it, in this life of the user. */
  actor: Actor | null = null;
  /** Access tokens of its session, the newest last; all of them count. */
  access: readonly TokenRecord[] = [];
  /** What gets the next tokens; undefined where it is signed out. */
  refresh: TokenRecord | undefined;
  /** Refresh tokens of its session that were used. */
  used: readonly TokenRecord[] = [];

  /** Makes one that is signed out. */
  constructor(name: string) {
    this.name = name;
  }

  /** Whether it holds tokens. */
  get isIn(): boolean {
    return this.refresh !== undefined;
  }

  /** Takes the tokens of a new session, or the next ones of the same. */
  take(tokens: readonly TokenRecord[]): void {
    const refresh = tokens.find(({ kind }) => kind === "refresh");
    const before = this.refresh;
    const isSame = before !== undefined && before.session === refresh?.session;
    const access = tokens.filter(({ kind }) => kind === "access");
    this.access = isSame ? [...this.access, ...access] : access;
    this.used = isSame ? [...this.used, before] : [];
    this.refresh = refresh;
  }

  /** Lets go of all tokens, and answers them. */
  drop(): readonly TokenRecord[] {
    const { access, used, refresh } = this;
    this.access = [];
    this.used = [];
    this.refresh = undefined;
    return [...access, ...used, ...(refresh === undefined ? [] : [refresh])];
  }
}
