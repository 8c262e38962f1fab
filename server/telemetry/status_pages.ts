/**
 * What the server says of itself by HTTP, to whoever runs it.
 *
 * @module
 */
import type { Health } from "./health.ts";

/** Seconds after which whoever asked may ask again. */
const RETRY_SECONDS = 5;

/** Answers questions about the server. */
export class StatusPages {
  readonly #health: Health;

  /** Answers from what others know. */
  constructor(health: Health) {
    this.#health = health;
  }

  /** Whether a path is one of a page. */
  has(path: string): boolean {
    return path === "/healthz" || path === "/readyz";
  }

  /** Answers a `GET` or `HEAD` of a page. */
  async answer(path: string): Promise<Response> {
    if (path === "/healthz") return page(200, "ok\n");
    const reason = await this.#health.unready();
    return reason === null ? page(200, "ready\n") : page(503, `not ready: ${reason}\n`);
  }
}

/** Whoever asks wants to know how it is now. */
function page(status: number, text: string): Response {
  const headers: Record<string, string> = {
    "cache-control": "no-store",
    ...(status === 503 ? { "retry-after": `${RETRY_SECONDS}` } : {}),
  };
  return new Response(text, { status, headers });
}
