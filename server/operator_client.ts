/**
 * The other end of `operator_socket.ts`: asks a running server.
 *
 * @module
 */
import type { User } from "../store/mod.ts";
import {
  DEVICES_PATH,
  USER_PATH_HEAD,
  userPageSchema,
  userReportSchema,
  USERS_PATH,
  userSchema,
} from "./operator_protocol.ts";
import type { NewUser, UserAdmin, UserPage, UserReport } from "./user_admin.ts";

/** How long an answer may take, in milliseconds: removing a full mailbox takes a while. */
const ANSWER_MS_MAX = 60_000;

/** The host in the URL; a socket has none. */
const ORIGIN = "http://titan";

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

/** {@linkcode UserAdmin} of a running server. Its failures are {@linkcode OperatorError}s. */
export class OperatorClient implements UserAdmin, Disposable {
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
    this.#ask = ask;
  }

  async add(user: NewUser): Promise<User | null> {
    const init = { method: "POST", body: JSON.stringify(user) };
    return await this.#call(USERS_PATH, init, 409, (text) => userSchema.parse(JSON.parse(text)));
  }

  async show(id: string): Promise<UserReport | null> {
    const read = (text: string) => userReportSchema.parse(JSON.parse(text));
    return await this.#call(pathOf(id), {}, 404, read);
  }

  async list(after: string, limit: number): Promise<UserPage> {
    const path = `${USERS_PATH}?${new URLSearchParams({ after, limit: String(limit) })}`;
    const page = await this.#call(path, {}, null, (text) => userPageSchema.parse(JSON.parse(text)));
    return page ?? { users: [], next: null };
  }

  async remove(id: string): Promise<boolean> {
    return await this.#call(pathOf(id), { method: "DELETE" }, 404, () => true) ?? false;
  }

  async removeDevice(id: string, device: string): Promise<boolean> {
    const path = `${DEVICES_PATH}?${new URLSearchParams({ user: id, device })}`;
    return await this.#call(path, { method: "DELETE" }, 404, () => true) ?? false;
  }

  [Symbol.dispose](): void {
    this.#client.close();
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
      if (cause instanceof OperatorError) throw cause;
      const why = signal.aborted ? "it does not answer" : "it is not there, or of another version";
      throw new OperatorError(`Cannot ask the server through "${this.#path}": ${why}`, { cause });
    }
  }
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
