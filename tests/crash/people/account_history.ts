/**
 * What people wrote down of their accounts: every call, when it was made and what was answered.
 * Moments are those of `../history.ts`.
 *
 * @module
 */

/** A token, as whoever holds it knows it. Its text is for the server alone. */
export interface TokenRecord {
  /**
   * `id`: the issuer made it, to sign in with. `made`: the deployment itself made it with the
   * server's secret. No session is behind either.
   */
  readonly kind: "access" | "refresh" | "id" | "made";
  readonly device: string;
  /** Which of the person's sessions it belongs to, from 1; 0: to none. */
  readonly session: number;
  /** Tokens of its kind that the session had before. */
  readonly generation: number;
  readonly text: string;
  /** When it was handed out; one of a session: when the first of them were. */
  readonly began: number;
}

/** What a person can do. A `visit` is a connection's sign-in with a token, in its own time. */
export type ActKind =
  | "sign in"
  | "refresh"
  | "visit"
  | "me"
  | "list"
  | "export"
  | "register"
  | "logout"
  | "logout all"
  | "delete";

/**
 * One call. A person makes one after another; at once are only visits, sign-ins of several devices,
 * and now and then a refresh with what ends its session.
 */
export interface Act {
  readonly kind: ActKind;
  /** The device it is about. */
  readonly device: string;
  /** What it was made with; for a refresh what is used up, for a sign-in only one of before. */
  readonly token?: TokenRecord;
  /** The push token that is registered. */
  readonly push?: string;
  readonly at: number;
  /** Undefined where none came: then nobody knows whether it was done. */
  answer: ActAnswer | undefined;
}

/** What the server said. */
export type ActAnswer =
  | { readonly kind: "done"; readonly at: number; readonly told: Told }
  /** `why` is the reason of a `bad_credential`. */
  | { readonly kind: "refused"; readonly at: number; readonly code: number; readonly why: string };

/** What of an answer can be checked. */
export interface Told {
  readonly tokens?: readonly TokenRecord[];
  readonly user?: UserTold;
  readonly devices?: readonly DeviceTold[];
  /** The texts of all messages that are kept. */
  readonly texts?: readonly string[];
}

/** The user, as the user is told. */
export interface UserTold {
  readonly id: string;
  readonly email: string | undefined;
  /** When the user came into being; undefined where that is not told. */
  readonly registered: string | undefined;
}

/** A device, as its user is told of it. */
export interface DeviceTold {
  readonly device: string;
  /** An export tells the push token, a list the provider alone. */
  readonly push: string | undefined;
}

/** One life of a user: from a registration on. */
export interface Stay {
  /** When the person asked for it first. */
  readonly asked: number;
  /** Set where it ended, or may have, before all was drained. */
  hasLeft: boolean;
}

/** Everything that one person did. */
export interface PersonRecord {
  /** The id that the user must have, every time. */
  readonly user: string;
  readonly email: string;
  /** In the order in which they were begun. */
  readonly acts: Act[];
  /** Tokens that others made: the deployment, and the issuer where they are used once more. */
  readonly made: TokenRecord[];
}
