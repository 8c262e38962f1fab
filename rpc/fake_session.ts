/**
 * A session and services for tests: they remember what was asked of them.
 *
 * @module
 */
import type { AppendOptions, Draft, Outcome, User } from "../store/mod.ts";
import type { CredentialMark, IssuedTokens } from "./accounts.ts";
import { FakeAccounts, NOW } from "./fake_accounts.ts";
import type { Reply, RequestId } from "./json_rpc.ts";
import type { Caller } from "./router.ts";
import { RpcError } from "./rpc_error.ts";
import type {
  Identity,
  IssuerSignIn,
  Services,
  Session,
  SignInOptions,
  Welcome,
} from "./session.ts";
import type { MessageTrace } from "./traces.ts";

export { NOW };

/** The token that {@linkcode FakeSession} takes; it names the user "ann". */
export const GOOD_TOKEN = "good-token";

/** The identity most tests speak for. */
export const ANN: Identity = { user: "ann", device: "phone" };

/** What a session of {@linkcode FakeSession} was signed in with. */
export const MARK: CredentialMark = {
  id: "token-1",
  session: "session-1",
  issued: NOW,
  expires: NOW + 3_600_000,
};

/** The one message that {@linkcode FakeServices} know what became of: Ann sent it. */
export const TRACE: MessageTrace = {
  id: "01JD8Z00000000000000000000",
  sender: ANN.user,
  to: "bob",
  expires: NOW + 60_000,
  steps: [
    { step: "accepted", at: NOW },
    { step: "committed", at: NOW + 3 },
    { step: "written", at: NOW + 4, user: "ann", device: "tablet", redelivered: 0 },
    { step: "written", at: NOW + 5, user: "bob", device: "kitchen", redelivered: 0 },
    { step: "written", at: NOW + 6, user: "bob", device: "study", redelivered: 1 },
    { step: "acknowledged", at: NOW + 9, user: "bob", device: "study" },
    { step: "push_sent", at: NOW + 5000, user: "bob", device: "kitchen", provider: "apns" },
    {
      step: "push_answered",
      at: NOW + 5100,
      user: "bob",
      device: "kitchen",
      provider: "apns",
      answer: "rejected",
      reason: "BadTopic",
    },
  ],
  leftOut: 2,
};

/** A session that knows one token. */
export class FakeSession implements Session {
  identity: Identity | undefined;
  credential: CredentialMark | undefined;
  readonly address = "203.0.113.7";
  duplex = true;
  isGone = false;
  receipts = false;
  /** What was signed in with, in order. */
  readonly signIns: { token: string; options: SignInOptions }[] = [];
  /** What was signed in with that an issuer made, in order. */
  readonly issuerSignIns: { issuer: string; token: string; options: SignInOptions }[] = [];
  /** Whom the good token of an issuer names. */
  issuerUser: User = { id: ANN.user, registered: NOW };
  /** What was taken from the send bucket, in order. */
  readonly taken: number[] = [];
  /** Thrown by the next calls of {@linkcode FakeSession.takeSend}. */
  refusal: Error | undefined;

  /** Makes a session, signed in where an identity is given. */
  constructor(identity?: Identity) {
    this.identity = identity;
    this.credential = identity === undefined ? undefined : MARK;
  }

  /** Takes the good token, after a turn of the event loop's microtasks. */
  async signIn(token: string, options: SignInOptions): Promise<Welcome> {
    this.signIns.push({ token, options });
    return await this.#enter(ANN.user, token, options);
  }

  /** Takes the good token from any issuer but "nobody", and issues a refresh token to the rich. */
  async signInWith(issuer: string, token: string, options: SignInOptions): Promise<IssuerSignIn> {
    this.issuerSignIns.push({ issuer, token, options });
    if (issuer === "nobody") throw new RpcError("not_configured");
    const user = this.issuerUser;
    const welcome = await this.#enter(user.id, token, options);
    const access: IssuedTokens = { token: "access-1", expires: NOW + 1000 };
    const refresh = { refresh: "refresh-1", refreshExpires: NOW + 2000 };
    return { user, welcome, tokens: options.rich ? { ...access, ...refresh } : access };
  }

  async #enter(user: string, token: string, options: SignInOptions): Promise<Welcome> {
    await Promise.resolve();
    if (token !== GOOD_TOKEN) throw new RpcError("bad_credential");
    const { device = "default", window = 64 } = options;
    this.identity = { user, device };
    this.credential = MARK;
    return { ...this.identity, pending: 0, window, limits: {}, heartbeat: 25, epoch: "e1" };
  }

  /** Remembers the number, or refuses. */
  takeSend(messages: number): void {
    this.taken.push(messages);
    if (this.refusal !== undefined) throw this.refusal;
  }
}

/** A caller that remembers the responses. */
export class FakeCaller implements Caller {
  fresh = true;
  /** The responses, in order. */
  readonly responses: { id: RequestId; reply: Reply }[] = [];

  /** Makes a caller for a session. */
  constructor(readonly session: FakeSession = new FakeSession(ANN)) {}

  /** Remembers a response. */
  onResponse(id: RequestId, reply: Reply): void {
    this.responses.push({ id, reply });
  }
}

/** Services whose mailboxes answer what a test says. */
export class FakeServices implements Services {
  readonly version = "1.2.3";
  readonly accounts = new FakeAccounts();
  /** Nonces that devices were pushed: "user device nonce". */
  readonly nonces = new Set<string>();
  readonly pushes = {
    received: (user: string, device: string, nonce: string) =>
      this.nonces.has(`${user} ${device} ${nonce}`),
  };
  readonly traces = { find: (id: string) => id === TRACE.id ? TRACE : null };
  time = NOW;
  /** What was appended, call by call. */
  readonly appended: { drafts: readonly Draft[]; options: AppendOptions | undefined }[] = [];
  /** What becomes of the drafts; by default they are accepted. */
  outcomes: (drafts: readonly Draft[]) => readonly Outcome[] = (drafts) =>
    drafts.map(() => ({ kind: "accepted" }));
  readonly mailboxes = {
    append: async (drafts: readonly Draft[], options?: AppendOptions) => {
      this.appended.push({ drafts, options });
      return await Promise.resolve(this.outcomes(drafts));
    },
  };
  #ids = 0;

  /** The time a test set. */
  now(): number {
    return this.time;
  }

  /** "ID1", "ID2", ... */
  newId(): string {
    return `ID${++this.#ids}`;
  }

  /** All drafts of all calls. */
  get drafts(): readonly Draft[] {
    return this.appended.flatMap(({ drafts }) => drafts);
  }
}
