/**
 * Finds the method for a request and the answer for a frame.
 *
 * @module
 */
import { OUTGOING_BYTES_MAX } from "../limits.ts";
import type { StoreBusyError, StoreUnavailableError } from "../store/mod.ts";
import {
  errorFrame,
  type Message,
  type Notification,
  parseFrame,
  type Reply,
  type Request,
  type RequestId,
  resultFrame,
} from "./json_rpc.ts";
import { JsonText, type Method } from "./method.ts";
import { RpcError } from "./rpc_error.ts";
import { RpcTally } from "./rpc_tally.ts";
import type { Services, Session } from "./session.ts";

/** Where frames come from: one connection, or one `POST /rpc`. */
export interface Caller {
  /** Whom it speaks for, and what methods may do with it. */
  readonly session: Session;
  /**
   * Whether no request came yet. It starts as true; the router sets it to false at the first
   * request, which alone may bring a token with it.
   */
  fresh: boolean;
  /**
   * Hears what the peer answered to a request of ours. Must not throw.
   *
   * @param id the id the peer gave, which may never have been ours
   * @param reply its result or its error
   */
  onResponse(id: RequestId, reply: Reply): void;
}

/** The text to send back, undefined where there is nothing to say, or a promise of either. */
export type Answer = string | undefined | Promise<string | undefined>;

/**
 * Hears of a fault, to log it.
 *
 * @param error what was thrown
 * @param method the method that threw it
 * @returns a short reference, by which whoever got the error can be told more
 */
export type FaultReporter = (error: unknown, method: string) => string;

/** What a {@linkcode Router} is made of. */
export interface RouterOptions {
  /** The methods by name; `auth.jwt` is the one that takes the token of a first request. */
  readonly methods: ReadonlyMap<string, Method>;
  /** What the methods need of the server. */
  readonly services: Services;
  /** Hears of faults. */
  readonly report: FaultReporter;
  /** Counts what passes. @default {one that nobody reads} */
  readonly tally?: RpcTally;
}

/** The method by which a token that comes with a first request signs in. */
const SIGN_IN = "auth.jwt";

const BUSY: StoreBusyError["name"] = "StoreBusyError";
const UNAVAILABLE: StoreUnavailableError["name"] = "StoreUnavailableError";

/** The backlog is written within one commit, or the disk is in trouble. */
const BUSY_RETRY_SECONDS = 1;
const UNAVAILABLE_RETRY_SECONDS = 5;

/** Answers frames. It keeps nothing of any connection. */
export class Router {
  readonly #methods: ReadonlyMap<string, Method>;
  readonly #services: Services;
  readonly #report: FaultReporter;
  readonly #tally: RpcTally;

  /**
   * Makes a router.
   *
   * @param options the methods, and what they need
   */
  constructor(options: RouterOptions) {
    this.#methods = options.methods;
    this.#services = options.services;
    this.#report = options.report;
    this.#tally = options.tally ?? new RpcTally();
  }

  /**
   * Does what a frame asks. It neither throws nor rejects, and answers at once where the methods
   * do. Requests of a batch start in order and run at the same time from their first wait on;
   * while nobody has signed in, each waits for the one before, which may be the sign-in.
   *
   * @param frame a frame of at most `FRAME_BYTES_MAX`
   * @param caller where it came from
   * @returns the frame to send back, if any
   */
  handle(frame: string, caller: Caller): Answer {
    const said = parseFrame(frame);
    return said.kind === "batch"
      ? this.#answerAll(said.messages, caller)
      : this.#answer(said, caller);
  }

  async #answerAll(messages: readonly Message[], caller: Caller): Promise<string | undefined> {
    const answers: Answer[] = [];
    const asked = new Set<Method>();
    for (const message of messages) {
      const answer = this.#again(message, asked) ?? this.#answer(message, caller);
      answers.push(answer);
      if (caller.session.identity === undefined) await answer;
    }
    const frames = (await Promise.all(answers)).filter((frame) => frame !== undefined);
    // JSON-RPC 2.0 §6: nothing at all is returned where there is nothing to answer.
    return frames.length === 0 ? undefined : `[${frames.join(",")}]`;
  }

  /** Refuses a request whose long answer the batch has asked for already (I7). */
  #again(message: Message, asked: Set<Method>): string | undefined {
    if (message.kind !== "request") return undefined;
    const method = this.#methods.get(message.method);
    if (method?.oncePerBatch !== true) return undefined;
    if (!asked.has(method)) {
      asked.add(method);
      return undefined;
    }
    return this.#refuse(
      message,
      new RpcError("too_large", { detail: `${method.name} comes once in a batch`, limit: 1 }),
    );
  }

  #answer(message: Message, caller: Caller): Answer {
    switch (message.kind) {
      case "response":
        this.#tally.replies++;
        caller.onResponse(message.id, message);
        return undefined;
      case "invalid":
        this.#tally.refused(message.error.key);
        return errorFrame(message.id, message.error);
      default:
        return this.#admit(message, caller);
    }
  }

  /** Lets a call in, after the sign-in that it may bring with it. */
  #admit(call: Request | Notification, caller: Caller): Answer {
    const { fresh, session } = caller;
    caller.fresh = false;
    if (!fresh || session.identity !== undefined) return this.#run(call, session);
    const signIn = this.#methods.get(SIGN_IN);
    const token = tokenOf(call.params);
    if (signIn === undefined || token === undefined || this.#methods.get(call.method)?.signsIn) {
      return this.#run(call, session);
    }
    return this.#signInAndRun(signIn, token, call, session);
  }

  async #signInAndRun(
    signIn: Method,
    token: string,
    call: Request | Notification,
    session: Session,
  ): Promise<string | undefined> {
    try {
      await signIn.call({ token }, session, this.#services);
    } catch (error) {
      return this.#refuse(call, error);
    }
    return await this.#run(call, session);
  }

  #run(call: Request | Notification, session: Session): Answer {
    this.#tally.calls++;
    try {
      const method = this.#methods.get(call.method);
      if (method === undefined) throw new RpcError("method_not_found");
      const result = method.call(call.params, session, this.#services);
      if (!(result instanceof Promise)) return this.#respond(call, result);
      // What waits for the disk keeps hold of what the answer needs, and not of the params.
      return this.#finish({ ...call, params: undefined }, result);
    } catch (error) {
      return this.#refuse(call, error);
    }
  }

  /** One promise, and not the several of an async function: every message passes here. */
  #finish(call: Request | Notification, result: Promise<unknown>): Promise<string | undefined> {
    const refuse = (error: unknown) => this.#refuse(call, error);
    return result.then((value) => {
      try {
        return this.#respond(call, value);
      } catch (error) {
        return refuse(error);
      }
    }, refuse);
  }

  #respond(call: Request | Notification, result: unknown): string | undefined {
    const frame = respond(call, result);
    this.#tally.results++;
    return frame;
  }

  #refuse(call: Request | Notification, thrown: unknown): string | undefined {
    const error = this.#errorOf(thrown, call.method);
    this.#tally.refused(error.key);
    // JSON-RPC 2.0 §4.1: a notification is not answered, not even with an error.
    return call.kind === "request" ? errorFrame(call.id, error) : undefined;
  }

  /** The one place where what was thrown becomes what is told: nothing of the unknown leaves it. */
  #errorOf(thrown: unknown, method: string): RpcError {
    if (thrown instanceof RpcError) return thrown;
    // By name, because this folder knows the store by its types alone.
    const name = thrown instanceof Error ? thrown.name : undefined;
    if (name === BUSY) return new RpcError("busy", { retryAfter: BUSY_RETRY_SECONDS });
    if (name === UNAVAILABLE) {
      return new RpcError("unavailable", { retryAfter: UNAVAILABLE_RETRY_SECONDS });
    }
    return new RpcError("internal_error", { reference: this.#report(thrown, method) });
  }
}

function tokenOf(params: unknown): string | undefined {
  if (typeof params !== "object" || params === null || !("token" in params)) return undefined;
  return typeof params.token === "string" ? params.token : undefined;
}

function respond(call: Request | Notification, result: unknown): string | undefined {
  if (call.kind === "notification") return undefined;
  if (result instanceof JsonText) return resultFrame(call.id, result.text);
  // JSON-RPC 2.0 §5: the result is required on success.
  const frame = resultFrame(call.id, JSON.stringify(result) ?? "null");
  // JSON can grow when it is written again, as "1e20" does. No connection takes such a frame, and
  // whoever asked for it would be cut off as one that does not read.
  if (frame.length > OUTGOING_BYTES_MAX) throw new RpcError("too_large", TOO_LONG_ANSWER);
  return frame;
}

const TOO_LONG_ANSWER = {
  detail: `the answer would be longer than ${OUTGOING_BYTES_MAX} bytes`,
  limit: OUTGOING_BYTES_MAX,
};
