/**
 * Pushes through Firebase Cloud Messaging.
 *
 * @module
 */
import { checkOf } from "../check_of.ts";
import type { Push, PushCheck, PushOutcome, PushProvider } from "../push.ts";
import type { PushClock, PushRandom } from "../push_world.ts";
import { abortable } from "./abortable.ts";
import { AccessTokens } from "./access_tokens.ts";
import { FcmLane, type FcmLaneOptions } from "./fcm_lane.ts";
import { FcmLanes } from "./fcm_lanes.ts";
import { fcmMessage } from "./fcm_message.ts";
import { type FcmReply, isUnauthenticated, outcomeOf } from "./fcm_reply.ts";
import { loadFirebase } from "./firebase.ts";
import type { ServiceAccount } from "./service_account.ts";
import { type Connect, connectTls } from "./tls_connection.ts";

/** Where `firebase-admin` sends to. */
export const FCM_URL = "https://fcm.googleapis.com";

/**
 * Pushes on the way at the most, and so connections: `firebase-admin` speaks HTTP/1.1 to an agent.
 * With 128 a push may take 250 ms and 500 of them still go in a second.
 */
export const FCM_IN_FLIGHT_MAX = 128;

/** How long a push may take, with its wait for a turn, in milliseconds (`PushProvider.send`). */
const SEND_MS_MAX = 10_000;

const LATE = `FCM did not answer within ${SEND_MS_MAX / 1000} seconds`;
const CLOSED = "Provider is closed";
const TOO_LARGE: FcmReply = {
  kind: "unsendable",
  reason: "Push is too large without its text and sender too",
};

/** A push to a token that FCM has never given out: it looks at the access token first. */
const NO_PUSH: Omit<Push, "expires"> = {
  target: { token: "no-such-token" },
  content: { badge: 0, fetch: false },
  urgent: false,
  collapse: "titan-check",
};

/** What {@linkcode FcmProvider.open} needs. */
export interface FcmOptions {
  /** Who sends, and for which project. */
  readonly account: ServiceAccount;
  /**
   * An origin (https) where FCM and Google's token endpoint are both reached, each under its own path
   * (`TITAN_FCM_URL`). @default {their own hosts}
   */
  readonly url?: string;
  /** Ends what takes too long, and dates signatures. */
  readonly clock: PushClock;
  /** Names the apps of `firebase-admin`, of which a process has one list. */
  readonly random: PushRandom;
  /** How connections are opened. @default {connectTls} */
  readonly connect?: Connect;
}

/** Sends pushes through FCM, with `firebase-admin`. */
export class FcmProvider implements PushProvider {
  readonly name = "fcm";
  readonly #clock: PushClock;
  readonly #tokens: AccessTokens;
  readonly #lanes: FcmLanes<FcmLane>;
  /** What ends each of the pushes that are on the way. */
  readonly #endings = new Set<AbortController>();
  #isClosed = false;

  private constructor(clock: PushClock, tokens: AccessTokens, lanes: FcmLanes<FcmLane>) {
    this.#clock = clock;
    this.#tokens = tokens;
    this.#lanes = lanes;
  }

  /**
   * Loads `firebase-admin` and reads the key. No connection is made before the first push.
   *
   * @throws {TypeError} the URL or the key is none
   */
  static async open(options: FcmOptions): Promise<FcmProvider> {
    const { account, clock, random, connect = connectTls } = options;
    const tokenUri = new URL(account.tokenUri);
    const origin = options.url === undefined ? undefined : readOrigin(options.url);
    const url = origin === undefined ? tokenUri : new URL(tokenUri.pathname, origin);
    const tokens = await AccessTokens.open({ account, url, clock, connect });
    const laneOptions: FcmLaneOptions = {
      firebase: await loadFirebase(),
      projectId: account.projectId,
      origin: origin ?? new URL(FCM_URL),
      connect,
    };
    // Apps of `firebase-admin` have names, of which there is one list in a process.
    const series = random(new Uint8Array(16)).toHex();
    let count = 0;
    const open = () => new FcmLane(`titan-${series}-${count++}`, laneOptions);
    return new FcmProvider(clock, tokens, new FcmLanes(open, FCM_IN_FLIGHT_MAX));
  }

  /** Sends one push; see {@linkcode PushProvider.send}. */
  async send(push: Push): Promise<PushOutcome> {
    if (this.#isClosed) return { kind: "retry", reason: CLOSED };
    const ending = new AbortController();
    this.#endings.add(ending);
    const cancel = this.#clock.after(SEND_MS_MAX, () => ending.abort(LATE));
    try {
      return await this.#deliver(push, ending.signal);
    } catch {
      const { aborted, reason } = ending.signal;
      return { kind: "retry", reason: aborted ? reason : "Cannot send a push: unknown fault" };
    } finally {
      cancel();
      this.#endings.delete(ending);
    }
  }

  /** Gets an access token and shows it to FCM; see {@linkcode PushProvider.check}. */
  async check(): Promise<PushCheck> {
    return checkOf(await this.send({ ...NO_PUSH, expires: this.#clock.now() }));
  }

  /** Answers what is on the way as to be tried again, and ends the connections. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    for (const ending of this.#endings) ending.abort(CLOSED);
    await Promise.all([this.#tokens[Symbol.asyncDispose](), this.#lanes[Symbol.asyncDispose]()]);
  }

  async #deliver(push: Push, signal: AbortSignal): Promise<PushOutcome> {
    const first = await abortable(this.#tokens.current(), signal);
    if (first.kind !== "token") return first;
    const reply = await this.#attempt(push, first.token, signal);
    if (!isUnauthenticated(reply)) return outcomeOf(reply, this.#clock.now());
    this.#tokens.forget(first.token);
    const second = await abortable(this.#tokens.current(), signal);
    if (second.kind !== "token") return second;
    return outcomeOf(await this.#attempt(push, second.token, signal), this.#clock.now());
  }

  #attempt(push: Push, token: string, signal: AbortSignal): Promise<FcmReply> {
    const send = (lane: FcmLane) => {
      // It is made here, not before its turn: so much less is in memory while many wait.
      const message = fcmMessage(push, this.#clock.now());
      return message === null ? Promise.resolve(TOO_LARGE) : lane.send(message, token, signal);
    };
    return this.#lanes.use(signal, send, ({ kind }) => kind === "broken");
  }
}

/** The origin of a base URL. @throws {TypeError} it is none, or is more than that */
function readOrigin(text: string): URL {
  const url = URL.parse(text);
  if (url === null || url.protocol !== "https:" || url.href !== `${url.origin}/`) {
    throw new TypeError("Cannot use FCM: its URL is not https with a host and nothing more");
  }
  return url;
}
