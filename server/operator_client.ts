/**
 * The other end of `operator_socket.ts`: asks a running server.
 *
 * @module
 */
import type { z } from "zod";
import {
  type ExportPage,
  type ExportPlace,
  exportPlaceText,
  type MessageTrace,
  type ProfileChange,
} from "../rpc/mod.ts";
import type { User } from "../store/mod.ts";
import {
  DEVICES_PATH,
  EXPORT_PATH,
  exportPageSchema,
  PUSH_TRIALS_PATH,
  type RevocationRequest,
  REVOCATIONS_PATH,
  STATUS_PATH,
  statusSchema,
  TRACES_PATH,
  trialStepSchema,
  USER_PATH_HEAD,
  userPageSchema,
  userReportSchema,
  USERS_PATH,
  userSchema,
  usersSchema,
} from "./operator_protocol.ts";
import { isTracingOn } from "./otel_switch.ts";
import { type PushTrialOptions, type PushTrialStep, TRIAL_MS_DEFAULT } from "./push/mod.ts";
import type { ServerAdmin, ServerStatus } from "./server_admin.ts";
import { traceSchema } from "./trace_schema.ts";
import type { NewUser, UserAdmin, UserPage, UserReport } from "./user_admin.ts";

/** How long an answer may take, in milliseconds: removing a full mailbox takes a while. */
const ANSWER_MS_MAX = 60_000;

/** The host in the URL; a socket has none. */
const ORIGIN = "http://titan";

/**
 * Says that what is asked here is not sampled (Trace Context §3.2), so that a server whose
 * OpenTelemetry is on exports no URL of it: there are e-mail addresses in some.
 */
const HEADERS = { traceparent: `00-${"1".repeat(32)}-${"1".repeat(16)}-00` };

/** The server could not be asked. The message says why. */
export class OperatorError extends Error {
  /** The name of the class. */
  override readonly name = "OperatorError";
}

/** `fetch`, as far as it is used here. */
export type Fetch = (
  url: string,
  init: RequestInit & { client: Deno.HttpClient },
) => Promise<Response>;

/**
 * {@linkcode UserAdmin} and {@linkcode ServerAdmin} of a running server. Failures are
 * {@linkcode OperatorError}s.
 */
export class OperatorClient implements UserAdmin, ServerAdmin, Disposable {
  readonly #path: string;
  readonly #client: Deno.HttpClient;
  readonly #ask: Fetch;

  /**
   * Connects with the first request.
   *
   * @param path of the socket
   * @param ask how to ask: `fetch`
   */
  constructor(path: string, ask: Fetch) {
    this.#path = path;
    this.#client = Deno.createHttpClient({ proxy: { transport: "unix", path } });
    // Where spans are made here, Deno adds this header itself.
    const headers = isTracingOn() ? {} : HEADERS;
    this.#ask = (url, init) => ask(url, { ...init, headers });
  }

  async add(user: NewUser): Promise<User | null> {
    return await this.#call(USERS_PATH, sending("POST", user), 409, json(userSchema));
  }

  async show(id: string): Promise<UserReport | null> {
    return await this.#call(pathOf(id), {}, 404, json(userReportSchema));
  }

  async list(after: string, limit: number): Promise<UserPage> {
    const path = withQuery(USERS_PATH, { after, limit: String(limit) });
    return await this.#call(path, {}, null, json(userPageSchema)) ?? { users: [], next: null };
  }

  async withEmail(email: string): Promise<readonly User[]> {
    return await this.#call(withQuery(USERS_PATH, { email }), {}, null, json(usersSchema)) ?? [];
  }

  async remove(id: string): Promise<boolean> {
    return await this.#call(pathOf(id), { method: "DELETE" }, 404, () => true) ?? false;
  }

  async removeDevice(id: string, device: string): Promise<boolean> {
    const path = withQuery(DEVICES_PATH, { user: id, device });
    return await this.#call(path, { method: "DELETE" }, 404, () => true) ?? false;
  }

  async update(id: string, change: ProfileChange): Promise<User | null> {
    return await this.#call(pathOf(id), sending("PATCH", change), 404, json(userSchema));
  }

  async logout(id: string): Promise<void> {
    await this.#revoke({ user: id });
  }

  async revokeToken(tokenId: string, until: number): Promise<void> {
    await this.#revoke({ token: tokenId, until });
  }

  async export(id: string, after: ExportPlace | null): Promise<ExportPage | null> {
    const place = after === null ? {} : { after: exportPlaceText(after) };
    const path = withQuery(EXPORT_PATH, { user: id, ...place });
    return await this.#call(path, {}, 404, json(exportPageSchema));
  }

  async status(): Promise<ServerStatus> {
    const status = await this.#call(STATUS_PATH, {}, null, json(statusSchema));
    if (status === null) throw new OperatorError("Server refused: it does not say why");
    return status;
  }

  async trace(id: string): Promise<MessageTrace | null> {
    return await this.#call(withQuery(TRACES_PATH, { id }), {}, 404, json(traceSchema));
  }

  /** See {@linkcode ServerAdmin.testPush}; once the signal ended it no more steps come. */
  async *testPush(
    user: string,
    device: string,
    { ms = TRIAL_MS_DEFAULT, signal }: PushTrialOptions = {},
  ): AsyncGenerator<PushTrialStep> {
    const path = withQuery(PUSH_TRIALS_PATH, { user, device, ms: String(ms) });
    const read = json(trialStepSchema);
    const late = AbortSignal.timeout(ms + ANSWER_MS_MAX);
    const ends = signal === undefined ? [late] : [late, signal];
    const init = { method: "POST", signal: AbortSignal.any(ends), client: this.#client };
    try {
      const response = await this.#ask(ORIGIN + path, init);
      if (!response.ok) {
        throw new OperatorError(`Server refused: ${refusalOf(await response.text())}`);
      }
      let isOver = false;
      for await (const line of linesOf(response)) {
        const step = read(line);
        isOver = !step.ok || step.step === "answer";
        yield step;
      }
      if (!isOver) throw new OperatorError("Server broke the trial off: its log says why");
    } catch (error) {
      if (!signal?.aborted) throw this.#failure(error, late);
    }
  }

  [Symbol.dispose](): void {
    this.#client.close();
  }

  async #revoke(what: RevocationRequest): Promise<void> {
    await this.#call(REVOCATIONS_PATH, sending("POST", what), null, () => true);
  }

  /** Asks. @returns null where the server answers with the status `no` */
  async #call<T>(
    path: string,
    init: RequestInit,
    no: number | null,
    read: (text: string) => T,
  ): Promise<T | null> {
    const signal = AbortSignal.timeout(ANSWER_MS_MAX);
    try {
      const response = await this.#ask(ORIGIN + path, { ...init, signal, client: this.#client });
      const text = await response.text();
      if (response.status === no) return null;
      if (!response.ok) throw new OperatorError(`Server refused: ${refusalOf(text)}`);
      return read(text);
    } catch (cause) {
      throw this.#failure(cause, signal);
    }
  }

  /** What to throw for an error, if `late` has ended what took too long. */
  #failure(cause: unknown, late: AbortSignal): OperatorError {
    if (cause instanceof OperatorError) return cause;
    const why = late.aborted ? "it does not answer" : "it is not there, or of another version";
    return new OperatorError(`Cannot ask the server through "${this.#path}": ${why}`, { cause });
  }
}

function sending(method: string, body: object): RequestInit {
  return { method, body: JSON.stringify(body) };
}

/** Reads an answer. What it throws says that the server is of another version. */
function json<T>(schema: z.ZodType<T>): (text: string) => T {
  return (text) => schema.parse(JSON.parse(text));
}

/** The lines of a body, as they come. */
async function* linesOf({ body }: Response): AsyncGenerator<string> {
  let rest = "";
  for await (const text of (body ?? new Blob().stream()).pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
}

function withQuery(path: string, query: Record<string, string>): string {
  return `${path}?${new URLSearchParams(query)}`;
}

function pathOf(id: string): string {
  return `${USER_PATH_HEAD}${encodeURIComponent(id)}`;
}

/** What the server says of a refusal. */
function refusalOf(text: string): string {
  try {
    return String(JSON.parse(text).error);
  } catch {
    return "it does not say why";
  }
}
