/**
 * The operator's way into a running server: a Unix socket in the data directory, for its owner
 * alone. `operator_protocol.ts` says what goes through it.
 *
 * @module
 */
import { dirname, join } from "node:path";
import { StoreBusyError, StoreUnavailableError } from "../store/mod.ts";
import type { Clock } from "./clock.ts";
import { waitAtMost } from "./deadlines.ts";
import type { Log } from "./log.ts";
import { answerOperator, OperatorRefusal } from "./operator_routes.ts";
import type { ServerAdmin } from "./server_admin.ts";
import type { UserAdmin } from "./user_admin.ts";

/** The longest body of a request, in bytes: a user with the longest names fits many times. */
const BODY_BYTES_MAX = 16 * 1024;

/** How long a request may take to arrive, in milliseconds. */
const BODY_MS_MAX = 5000;

/** How long an answer may take to leave when the server stops, in milliseconds. */
const ANSWER_MS_MAX = 200;

/** What it then takes until it is in the socket, in milliseconds. */
const WRITE_MS = 10;

/**
 * The folder in which the socket is made, for its owner alone: there it gets its mode before
 * anybody can reach it. Its path is shorter than the one the socket gets.
 */
const MAKING_FOLDER = ".op";

/** What an {@linkcode OperatorSocket} is made of. */
export interface OperatorSocketParts {
  /** Where the socket is to be, as `socketPathOf` says. What is there is replaced. */
  readonly path: string;
  readonly users: UserAdmin;
  readonly server: ServerAdmin;
  readonly clock: Clock;
  readonly log: Log;
}

/** A socket that answers. Disposing of it finishes what is being answered. */
export class OperatorSocket implements AsyncDisposable {
  readonly #parts: OperatorSocketParts;
  readonly #abort = new AbortController();
  /** Ends what is answered bit by bit. */
  readonly #ending = new AbortController();
  readonly #server: Deno.HttpServer<Deno.UnixAddr>;
  readonly #requests = new Set<Promise<Response>>();
  /** Answers that have not left yet. */
  readonly #leaving = new Set<Promise<void>>();
  #closing: Promise<void> | null = null;

  private constructor(parts: OperatorSocketParts, path: string) {
    this.#parts = parts;
    this.#server = Deno.serve(
      { path, signal: this.#abort.signal, onListen: () => {} },
      (request, { completed }) => {
        const left = completed.catch(() => {}).finally(() => this.#leaving.delete(left));
        this.#leaving.add(left);
        const answer = this.#answer(request);
        this.#requests.add(answer);
        return answer.finally(() => this.#requests.delete(answer));
      },
    );
  }

  /**
   * Makes the socket. The caller owns the data directory, so a socket that is there already is one
   * that a crash left behind.
   *
   * @throws {Deno.errors.PermissionDenied} and other errors of the file system.
   */
  static async open(parts: OperatorSocketParts): Promise<OperatorSocket> {
    const folder = join(dirname(parts.path), MAKING_FOLDER);
    const made = join(folder, "s");
    await Deno.remove(folder, { recursive: true }).catch(ignoreMissing);
    await Deno.mkdir(folder, { mode: 0o700 });
    const socket = new OperatorSocket(parts, made);
    try {
      await Deno.chmod(made, 0o600);
      await Deno.rename(made, parts.path);
      await Deno.remove(folder);
      return socket;
    } catch (error) {
      await socket[Symbol.asyncDispose]();
      throw error;
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await Deno.remove(this.#parts.path).catch(ignoreMissing);
    const { clock } = this.#parts;
    const leaving = [...this.#leaving];
    this.#ending.abort();
    await Promise.allSettled(this.#requests);
    await waitAtMost(clock, ANSWER_MS_MAX, Promise.all(leaving).then(() => {}));
    // Deno says so just before the last of an answer is written.
    if (leaving.length > 0) await new Promise<void>((done) => clock.after(WRITE_MS, done));
    // Not by `shutdown()`: that waits for whoever has not sent the whole of a request, and after it
    // Deno cannot be told to end.
    this.#abort.abort();
    await this.#server.finished;
  }

  async #answer(request: Request): Promise<Response> {
    try {
      const { method, url } = request;
      return await answerOperator({
        method,
        url: new URL(url),
        json: () => this.#readJson(request),
        ending: this.#ending.signal,
        report: (error) => this.#report(error),
      }, this.#parts);
    } catch (error) {
      if (error instanceof OperatorRefusal) return refused(error.status, error.message);
      if (error instanceof StoreBusyError || error instanceof StoreUnavailableError) {
        return refused(503, error.message);
      }
      this.#report(error);
      return refused(500, "Internal error");
    }
  }

  #report(error: unknown): void {
    this.#parts.log.error("operator request failed", error);
  }

  async #readJson(request: Request): Promise<unknown> {
    const reader = request.body?.getReader();
    const giveUp = () => void reader?.cancel().catch(() => {});
    const cancel = this.#parts.clock.after(BODY_MS_MAX, giveUp);
    // What has not come by then is not waited for.
    const { signal } = this.#ending;
    signal.addEventListener("abort", giveUp);
    if (signal.aborted) giveUp();
    const decoder = new TextDecoder();
    let text = "";
    try {
      for (let bytes = 0;;) {
        const chunk = await reader?.read();
        if (chunk?.value === undefined) break;
        bytes += chunk.value.length;
        if (bytes > BODY_BYTES_MAX) throw new OperatorRefusal(413, "Body is too long");
        text += decoder.decode(chunk.value, { stream: true });
      }
      return JSON.parse(text + decoder.decode());
    } catch (error) {
      throw error instanceof OperatorRefusal ? error : new OperatorRefusal(400, "Body is not JSON");
    } finally {
      cancel();
      signal.removeEventListener("abort", giveUp);
      await reader?.cancel().catch(() => {});
    }
  }
}

function refused(status: number, message: string): Response {
  return Response.json({ error: message }, { status });
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}
