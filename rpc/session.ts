/**
 * What the methods know of the connection a request came in on, and of the server behind it. The
 * server implements these; nothing here knows a socket or a database.
 *
 * @module
 */
import type { Mailboxes, User } from "../store/mod.ts";
import type { Accounts, CredentialMark, IssuedTokens } from "./accounts.ts";
import type { Traces } from "./traces.ts";

/** Who a connection speaks for. */
export interface Identity {
  /** The user's id, normalised. */
  readonly user: string;
  /** The device's id. */
  readonly device: string;
}

/** What a client asks for when it signs in; what it leaves out has a default. */
export interface SignInOptions {
  /** The device, 1 to 64 characters. @default {"default"} */
  readonly device?: string;
  /** Messages in flight to this client, 1 to 256. @default {64} */
  readonly window?: number;
  /** Whether to send `msg.receipt`. @default {false} */
  readonly receipts?: boolean;
  /** Where a further device of the user starts to read. @default {"oldest"} */
  readonly start?: "oldest" | "newest";
  /** Whether the client asked for the object form, and so knows `queue.empty`. */
  readonly rich: boolean;
}

/** What a client that signed in with the object form is told. */
export interface Welcome {
  /** Whom the token named, normalised. */
  readonly user: string;
  /** The device, as the client or its token named it. */
  readonly device: string;
  /** Messages that wait for this device. */
  readonly pending: number;
  /** Messages in flight to this client. */
  readonly window: number;
  /** Limits the client should keep, by name. */
  readonly limits: Readonly<Record<string, number>>;
  /** Seconds of silence after which either side should probe the other. */
  readonly heartbeat: number;
  /** Names this life of what the server holds: another one says that a backup was restored. */
  readonly epoch: string;
}

/** What a client that signed in with an issuer's ID token is told. */
export interface IssuerSignIn {
  /** Who it is, with what the issuer says of them. */
  readonly user: User;
  /** What to sign in with from now on. */
  readonly tokens: IssuedTokens;
  /** As for every sign-in. */
  readonly welcome: Welcome;
}

/** One connection, or one `POST /rpc`, as its requests see it. */
export interface Session {
  /** Undefined until signed in. */
  readonly identity: Identity | undefined;
  /** What was signed in with; undefined until then. */
  readonly credential: CredentialMark | undefined;
  /** The client's address, behind trusted proxies. */
  readonly address: string;
  /** Whether this session can be sent requests and notifications; `POST /rpc` cannot. */
  readonly duplex: boolean;
  /** Whether the client has left, as far as one can tell: no answer reaches it any more. */
  readonly isGone: boolean;
  /** Whether this client asked for `msg.receipt`. */
  readonly receipts: boolean;
  /**
   * Verifies a token and speaks for its user from now on.
   *
   * @throws {RpcError} `bad_credential`, `rate_limited`, `too_many_devices`, `unavailable`, ...
   */
  signIn(token: string, options: SignInOptions): Promise<Welcome>;
  /**
   * Verifies an ID token (OpenID Connect Core §2), registers its user where that is new, and speaks
   * for them from now on.
   *
   * @param issuer `google`, or the name of a configured issuer
   * @param options where `rich`, a refresh token is issued too
   * @throws {RpcError} as {@linkcode Session.signIn}; `not_configured`, `issuer_unavailable`
   */
  signInWith(issuer: string, token: string, options: SignInOptions): Promise<IssuerSignIn>;
  /** Takes from the user's send bucket. @throws {RpcError} `rate_limited`, with `retryAfter` */
  takeSend(messages: number): void;
}

/** What wakes devices, as far as their requests are about it. */
export interface Pushes {
  /** A device says that it saw a push. @returns whether it was sent one with that nonce lately */
  received(user: string, device: string, nonce: string): boolean;
}

/** What the methods need of the server. */
export interface Services {
  /** Where messages are accepted. */
  readonly mailboxes: Pick<Mailboxes, "append">;
  /** Who is who, and on what. */
  readonly accounts: Accounts;
  /** What wakes devices. */
  readonly pushes: Pushes;
  /** What became of messages. */
  readonly traces: Traces;
  /** Milliseconds since 1970. */
  now(): number;
  /** A new message id: sorts by time, never repeats. */
  newId(): string;
  /** What `rpc.discover` calls this server. */
  readonly version: string;
  /** What browsers subscribe to pushes with; undefined where there are none for browsers. */
  readonly vapidPublic?: string | undefined;
}
