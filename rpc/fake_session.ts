/**
 * A session and services for tests: they remember what was asked of them.
 *
 * @module
 */
import type { AppendOptions, Draft, Outcome } from "../store/mod.ts";
import type { Reply, RequestId } from "./json_rpc.ts";
import type { Caller } from "./router.ts";
import { RpcError } from "./rpc_error.ts";
import type { Identity, Services, Session, SignInOptions, Welcome } from "./session.ts";

/** The token that {@linkcode FakeSession} takes; it names the user "ann". */
export const GOOD_TOKEN = "good-token";

/** The identity most tests speak for. */
export const ANN: Identity = { user: "ann", device: "phone" };

/** A moment whose text is "2026-11-22T16:00:00.000Z". */
export const NOW = Date.UTC(2026, 10, 22, 16);

/** A session that knows one token. */
export class FakeSession implements Session {
  identity: Identity | undefined;
  duplex = true;
  receipts = false;
  /** What was signed in with, in order. */
  readonly signIns: { token: string; options: SignInOptions }[] = [];
  /** What was taken from the send bucket, in order. */
  readonly taken: number[] = [];
  /** Thrown by the next calls of {@linkcode FakeSession.takeSend}. */
  refusal: Error | undefined;

  /** Makes a session, signed in where an identity is given. */
  constructor(identity?: Identity) {
    this.identity = identity;
  }

  /** Takes the good token, after a turn of the event loop's microtasks. */
  async signIn(token: string, options: SignInOptions): Promise<Welcome> {
    this.signIns.push({ token, options });
    await Promise.resolve();
    if (token !== GOOD_TOKEN) throw new RpcError("bad_credential");
    const { device = "default", window = 64 } = options;
    this.identity = { user: ANN.user, device };
    return { ...this.identity, pending: 0, window, limits: {}, heartbeat: 25 };
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
