/**
 * Every error that can answer a request. Closing a connection is something else: see
 * `server/close_code.ts`. The table of `docs/protocol.md` is compared with this one by a test.
 *
 * @module
 */

/** One row of {@linkcode RPC_ERRORS}. */
export interface RpcErrorEntry {
  /** The code on the wire: the specification's (JSON-RPC 2.0 §5.1) or ours, from -32000 down. */
  readonly code: number;
  /** What the message on the wire starts with. */
  readonly message: string;
  /** Whether the same request can succeed later. */
  readonly retryable: boolean;
}

/** All errors by name. Names and codes never change their meaning. */
export const RPC_ERRORS = {
  /** The frame is not JSON. */
  parse_error: { code: -32700, message: "Parse error", retryable: false },
  /** The JSON is not a request, a notification or a response. */
  invalid_request: { code: -32600, message: "Invalid Request", retryable: false },
  /** There is no such method. */
  method_not_found: { code: -32601, message: "Method not found", retryable: false },
  /** The params are not what the method takes; `field` says where. */
  invalid_params: { code: -32602, message: "Invalid params", retryable: false },
  /** A fault of the server; `reference` finds it in the server's log. */
  internal_error: { code: -32603, message: "Internal error", retryable: false },
  /** The method needs a user and nobody has signed in. */
  unauthenticated: { code: -32000, message: "Not signed in", retryable: false },
  /** The token is not valid. */
  bad_credential: { code: -32001, message: "Credential is not valid", retryable: false },
  /** Nobody is called `to`. */
  unknown_receiver: { code: -32002, message: "Receiver does not exist", retryable: false },
  /** As much waits for the receiver as may wait. */
  mailbox_full: { code: -32003, message: "Mailbox of the receiver is full", retryable: true },
  /** The text of a message is past its limit. */
  message_too_long: { code: -32004, message: "Message is too long", retryable: false },
  /** The user, or the address, asks for too much. */
  rate_limited: { code: -32005, message: "Too many requests", retryable: true },
  /** Too much waits to be committed. */
  busy: { code: -32006, message: "Server is busy", retryable: true },
  /** The disk or the database refused. */
  unavailable: { code: -32007, message: "Storage is unavailable", retryable: true },
  /** The user has as many devices as a user may have. */
  too_many_devices: { code: -32008, message: "User has too many devices", retryable: false },
  /** The same `cid` came before with another receiver or text. */
  cid_conflict: { code: -32009, message: "Client id stands for another message", retryable: false },
  /** A frame, a batch or its nesting is past its limit. */
  too_large: { code: -32010, message: "Request is too large", retryable: false },
  /** The user is known and may not do this. */
  forbidden: { code: -32011, message: "Not allowed", retryable: false },
  /** The deployment has not set up what the method needs. */
  not_configured: { code: -32012, message: "Not configured", retryable: false },
  /** The key of the token is not known, and its issuer cannot be asked: it is away, or just was. */
  issuer_unavailable: { code: -32013, message: "Issuer is unavailable", retryable: true },
  /** The user has no such device. */
  unknown_device: { code: -32014, message: "Device does not exist", retryable: false },
  /** Nothing is known of such a message of this user: it may be unknown, too old or not sampled. */
  not_traced: { code: -32015, message: "Message is not traced", retryable: false },
} as const satisfies Record<string, RpcErrorEntry>;

/** The name of an error. */
export type RpcErrorName = keyof typeof RPC_ERRORS;

/** What one occurrence of an error adds to its row. Nothing here may hold what a client sent. */
export interface RpcErrorDetails {
  /** Goes into the message after the fixed text: sentence grammar, no final period. */
  readonly detail?: string;
  /** The same, where the message must stay the specification's own. */
  readonly reason?: string;
  /** Where in the request, as in `params[0].message`. */
  readonly field?: string;
  /** The limit that was passed, in the unit of its name in `limits.ts`. */
  readonly limit?: number;
  /** Which message of a `msg.send`, from 0. */
  readonly index?: number;
  /** The user's own device that was away longest. */
  readonly oldest?: string;
  /** Seconds after which a retry can help. */
  readonly retryAfter?: number;
  /** What the server's log calls the fault behind an `internal_error`. */
  readonly reference?: string;
}

/** The `data` member of an error on the wire. */
export interface RpcErrorData extends Omit<RpcErrorDetails, "detail"> {
  /** The row of {@linkcode RPC_ERRORS}. */
  readonly name: RpcErrorName;
  /** Whether the same request can succeed later. */
  readonly retryable: boolean;
}

/** An error object (JSON-RPC 2.0 §5.1). */
export interface RpcErrorObject {
  /** The code of {@linkcode RPC_ERRORS}. */
  readonly code: number;
  /** Its message, and after a colon what this occurrence adds. */
  readonly message: string;
  /** What a program can use. */
  readonly data: RpcErrorData;
}

/**
 * An error that may cross the wire. It carries no cause, so that nothing can leak with it.
 *
 * @example
 * ```ts ignore
 * throw new RpcError("rate_limited", { retryAfter: 2 });
 * ```
 */
export class RpcError extends Error {
  /** The name of the class. */
  override readonly name = "RpcError";
  readonly #key: RpcErrorName;
  readonly #details: RpcErrorDetails;

  /**
   * Makes an error.
   *
   * @param key the row of {@linkcode RPC_ERRORS}
   * @param details what this occurrence adds
   */
  constructor(key: RpcErrorName, details: RpcErrorDetails = {}) {
    const { message } = RPC_ERRORS[key];
    super(details.detail === undefined ? message : `${message}: ${details.detail}`);
    this.#key = key;
    this.#details = details;
  }

  /** The name of the error, for `switch`. */
  get key(): RpcErrorName {
    return this.#key;
  }

  /** The code on the wire. */
  get code(): number {
    return RPC_ERRORS[this.#key].code;
  }

  /** The `data` member on the wire. */
  get data(): RpcErrorData {
    const { detail: _, ...details } = this.#details;
    return { name: this.#key, retryable: RPC_ERRORS[this.#key].retryable, ...details };
  }

  /** The error object on the wire. */
  toJSON(): RpcErrorObject {
    return { code: this.code, message: this.message, data: this.data };
  }
}
