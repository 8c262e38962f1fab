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
  type ProfileChange,
} from "../rpc/mod.ts";
import type { User } from "../store/mod.ts";
import {
  DEVICES_PATH,
  EXPORT_PATH,
  exportPageSchema,
  type RevocationRequest,
  REVOCATIONS_PATH,
  USER_PATH_HEAD,
  userPageSchema,
  userReportSchema,
  USERS_PATH,
  userSchema,
  usersSchema,
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
      if (cause instanceof OperatorError) throw cause;
      const why = signal.aborted ? "it does not answer" : "it is not there, or of another version";
      throw new OperatorError(`Cannot ask the server through "${this.#path}": ${why}`, { cause });
    }
  }
}

function sending(method: string, body: object): RequestInit {
  return { method, body: JSON.stringify(body) };
}

/** Reads an answer. What it throws says that the server is of another version. */
function json<T>(schema: z.ZodType<T>): (text: string) => T {
  return (text) => schema.parse(JSON.parse(text));
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
