/**
 * Asking the server about accounts, by `POST /rpc` or over a connection, while it may be killed.
 *
 * @module
 */
import { RPC_ERRORS } from "../../../rpc/rpc_error.ts";
import { AnsweredError, type TestClient } from "../../harness/client.ts";
import { within } from "../../harness/wait_for.ts";
import type { Stage } from "../stage.ts";
import type { ActAnswer } from "./account_history.ts";

/** What came of a call; undefined: nobody knows. */
export type Asked =
  | { readonly kind: "done"; readonly at: number; readonly result: unknown }
  | Extract<ActAnswer, { kind: "refused" }>
  | undefined;

/** A way to ask. */
export type Ask = (method: string, params?: object) => Promise<Asked>;

/** How long an answer may take of a server that lives, in milliseconds. */
const ANSWER_MS_MAX = 30_000;

/** A server that is stopping, or whose keys are not there yet, says so: it is asked again. */
const NOT_NOW: readonly number[] = [
  RPC_ERRORS.unavailable.code,
  RPC_ERRORS.issuer_unavailable.code,
];

/** Asks by `POST /rpc`, once there is a server. */
export function byHttp(stage: Stage, token?: string): Ask {
  return async (method, params = {}) => {
    const url = await stage.url();
    if (url === "") return undefined;
    try {
      const answer = await within(post(url, { method, params, token }), ANSWER_MS_MAX, method);
      return answer === undefined ? undefined : { ...answer, at: stage.now() };
    } catch {
      return undefined;
    }
  };
}

/** Asks over a connection that somebody else uses too. */
export function byConnection(stage: Stage, client: TestClient): Ask {
  return async (method, params = {}) => {
    if (!client.isOpen) return undefined;
    try {
      const result = await client.request(method, params);
      return { kind: "done", at: stage.now(), result };
    } catch (error) {
      return refusalOf(error, stage.now());
    }
  };
}

/** What an error says: nothing, where it is not the server's, or comes from one that is stopping. */
export function refusalOf(
  error: unknown,
  at: number,
): Extract<ActAnswer, { kind: "refused" }> | undefined {
  if (!(error instanceof AnsweredError)) return undefined;
  const { code, message } = error;
  if (NOT_NOW.includes(code)) return undefined;
  return { kind: "refused", at, code, why: message.split(": ")[1] ?? "" };
}

/** One request and its answer, without the time; undefined where it is none of JSON-RPC. */
async function post(
  url: string,
  { method, params, token }: { method: string; params: object; token: string | undefined },
) {
  const response = await fetch(`${url}/rpc`, {
    method: "POST",
    headers: {
      // One that was kept from before would lead to a server that was killed.
      connection: "close",
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
  });
  const text = await response.text();
  if (!text.startsWith("{")) return undefined;
  const { result, error } = JSON.parse(text);
  if (error === undefined) return { kind: "done" as const, result: result as unknown };
  return refusalOf(new AnsweredError(error), 0);
}
