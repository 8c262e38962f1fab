/**
 * The operator's way into a running server: a Unix socket in the data directory, for its owner
 * alone. `operator_protocol.ts` says what goes through it.
 *
 * @module
 */
import { dirname, join } from "node:path";
import { StoreBusyError, StoreUnavailableError } from "../store/mod.ts";
import type { Clock } from "./clock.ts";
import type { Log } from "./log.ts";
import {
  deviceQuerySchema,
  DEVICES_PATH,
  isUserId,
  newUserSchema,
  pageQuerySchema,
  USER_PATH_HEAD,
  USERS_PATH,
} from "./operator_protocol.ts";
import type { UserAdmin } from "./user_admin.ts";

/** The longest body of a request, in bytes: a user with the longest names fits many times. */
const BODY_BYTES_MAX = 16 * 1024;

/** How long a request may take to arrive, in milliseconds. */
const BODY_MS_MAX = 5000;

/** How long an answer may take to leave when the server stops, in milliseconds. */
const ANSWER_MS_MAX = 200;

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
  readonly clock: Clock;
  readonly log: Log;
}

/** A socket that answers. Disposing of it finishes what is being answered. */
export class OperatorSocket implements AsyncDisposable {
  readonly #parts: OperatorSocketParts;
  readonly #abort = new AbortController();
  readonly #server: Deno.HttpServer<Deno.UnixAddr>;
  readonly #requests = new Set<Promise<Response>>();
  #closing: Promise<void> | null = null;

  private constructor(parts: OperatorSocketParts, path: string) {
    this.#parts = parts;
    this.#server = Deno.serve(
      { path, signal: this.#abort.signal, onListen: () => {} },
      (request) => {
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
    let isClosed = false;
    const closed = this.#server.shutdown().then(() => void (isClosed = true));
    await Promise.allSettled(this.#requests);
    const late = Promise.withResolvers<void>();
    const cancel = this.#parts.clock.after(ANSWER_MS_MAX, late.resolve);
    await Promise.race([closed, late.promise]);
    cancel();
    // Whoever has not even sent the whole of a request is not waited for. Deno throws where the
    // server is over already.
    if (!isClosed) this.#abort.abort();
    await closed;
  }

  async #answer(request: Request): Promise<Response> {
    try {
      return await this.#route(request);
    } catch (error) {
      if (error instanceof Refusal) return refused(error.status, error.message);
      if (error instanceof StoreBusyError || error instanceof StoreUnavailableError) {
        return refused(503, error.message);
      }
      this.#parts.log.error("operator request failed", error);
      return refused(500, "Internal error");
    }
  }

  async #route(request: Request): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    const { users } = this.#parts;
    switch (`${request.method} ${pathname.startsWith(USER_PATH_HEAD) ? "one" : pathname}`) {
      case `GET ${USERS_PATH}`: {
        const query = pageQuerySchema.safeParse(Object.fromEntries(searchParams));
        if (!query.success) throw new Refusal(400, "Query is not one for a page");
        return Response.json(await users.list(query.data.after, query.data.limit));
      }
      case `POST ${USERS_PATH}`: {
        const body = newUserSchema.safeParse(await this.#readJson(request));
        if (!body.success) throw new Refusal(400, "Body is not a user");
        return foundOr(409, await users.add(body.data), 201);
      }
      case "GET one":
        return foundOr(404, await users.show(idOf(pathname)), 200);
      case "DELETE one":
        if (!await users.remove(idOf(pathname))) throw new Refusal(404, "No such user");
        return new Response(null, { status: 204 });
      case `DELETE ${DEVICES_PATH}`: {
        const query = deviceQuerySchema.safeParse(Object.fromEntries(searchParams));
        if (!query.success) throw new Refusal(400, "Query names no device");
        const { user, device } = query.data;
        if (!await users.removeDevice(user, device)) throw new Refusal(404, "No such device");
        return new Response(null, { status: 204 });
      }
    }
    throw new Refusal(404, "No such request");
  }

  async #readJson(request: Request): Promise<unknown> {
    const reader = request.body?.getReader();
    const cancel = this.#parts.clock.after(BODY_MS_MAX, () => reader?.cancel().catch(() => {}));
    const decoder = new TextDecoder();
    let text = "";
    try {
      for (let bytes = 0;;) {
        const chunk = await reader?.read();
        if (chunk?.value === undefined) break;
        bytes += chunk.value.length;
        if (bytes > BODY_BYTES_MAX) throw new Refusal(413, "Body is too long");
        text += decoder.decode(chunk.value, { stream: true });
      }
      return JSON.parse(text + decoder.decode());
    } catch (error) {
      throw error instanceof Refusal ? error : new Refusal(400, "Body is not JSON");
    } finally {
      cancel();
      await reader?.cancel().catch(() => {});
    }
  }
}

/** A request that cannot be served. */
class Refusal extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** The user id in a path. @throws {Refusal} it holds none. */
function idOf(pathname: string): string {
  try {
    const id = decodeURIComponent(pathname.slice(USER_PATH_HEAD.length));
    if (isUserId(id)) return id;
  } catch {
    // It is not even well encoded.
  }
  throw new Refusal(400, "Path holds no user id");
}

function foundOr(missing: number, value: object | null, status: number): Response {
  if (value === null) throw new Refusal(missing, missing === 409 ? "Id is taken" : "No such user");
  return Response.json(value, { status });
}

function refused(status: number, message: string): Response {
  return Response.json({ error: message }, { status });
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}
