/**
 * What sends one push at a time.
 *
 * @module
 */
import { abortable } from "./abortable.ts";
import { describeFault } from "./fault.ts";
import { type Exchange, FcmAgent } from "./fcm_agent.ts";
import type { FcmMessage } from "./fcm_message.ts";
import { type FcmReply, readFcmCode } from "./fcm_reply.ts";
import type { Firebase, FirebaseApp, FirebaseMessaging } from "./firebase.ts";
import type { Connect } from "./tls_connection.ts";

/** What {@linkcode FcmLane} needs. */
export interface FcmLaneOptions {
  readonly firebase: Firebase;
  readonly projectId: string;
  /** Where to send to. */
  readonly origin: URL;
  readonly connect: Connect;
}

/**
 * An app of `firebase-admin` with a connection of its own: that is how a request of it is known to be
 * of a certain push, and can be ended.
 */
export class FcmLane implements AsyncDisposable {
  readonly #options: FcmLaneOptions;
  readonly #agent: FcmAgent;
  readonly #app: FirebaseApp;
  readonly #messaging: FirebaseMessaging;
  #token = "";
  #disposal: Promise<void> | undefined;

  /** @param name free in this process */
  constructor(name: string, options: FcmLaneOptions) {
    const { firebase, projectId, origin, connect } = options;
    this.#options = options;
    this.#agent = new FcmAgent(origin, connect);
    this.#app = firebase.initializeApp({
      projectId,
      httpAgent: this.#agent,
      // Whoever sends knows the token; one that expires at once is asked for each time.
      credential: {
        getAccessToken: () => Promise.resolve({ access_token: this.#token, expires_in: 0 }),
      },
    }, name);
    this.#messaging = firebase.getMessaging(this.#app);
  }

  /**
   * Sends a message. Where the answer is `broken`, and after a rejection, the lane is of no more use.
   *
   * @param token the access token
   * @throws why the signal ended it
   */
  async send(message: FcmMessage, token: string, signal: AbortSignal): Promise<FcmReply> {
    signal.throwIfAborted();
    this.#token = token;
    const exchange = this.#agent.begin();
    try {
      const sent = Promise.race([this.#messaging.send(message), exchange.lost]);
      const id = await abortable(sent, signal);
      return { kind: "taken", id: typeof id === "string" ? id : undefined };
    } catch (error) {
      signal.throwIfAborted();
      return readFailure(error, exchange);
    }
  }

  /** Ends the connection, and the push on it. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#disposal ??= this.#end();
    return this.#disposal;
  }

  async #end(): Promise<void> {
    await this.#agent.end();
    await this.#options.firebase.deleteApp(this.#app);
  }
}

/** What is known of a push that `firebase-admin` could not send. */
function readFailure(error: unknown, exchange: Exchange): FcmReply {
  const { status, retryAfter, isCutOff, fault } = exchange;
  if (isCutOff) return { kind: "broken", reason: "FCM ended the connection within its answer" };
  if (status === undefined && isMessagingError(error)) {
    return { kind: "unsendable", reason: "Push is not as FCM wants it" };
  }
  if (status === undefined) {
    return { kind: "broken", reason: `Cannot reach FCM: ${describeFault(fault)}` };
  }
  return { kind: "refused", status, code: readFcmCode(bodyOf(error)), retryAfter };
}

/** Whether it is about a message, and not about the way to FCM. */
function isMessagingError(error: unknown): boolean {
  return error instanceof Error && "code" in error && typeof error.code === "string" &&
    error.code.startsWith("messaging/");
}

/** The body of the answer that led to an error of `firebase-admin`. */
function bodyOf(error: unknown): unknown {
  if (!(error instanceof Error) || !("httpResponse" in error)) return undefined;
  const { httpResponse } = error;
  return typeof httpResponse === "object" && httpResponse !== null && "data" in httpResponse
    ? httpResponse.data
    : undefined;
}
