/**
 * The door for operators: a listener of its own, which shows everything to whoever reaches it.
 *
 * @module
 */
import type { ListenerHandler, UpgradeDecision } from "../listener.ts";
import type { Log } from "../log.ts";
import type { StatusPages } from "./status_pages.ts";

/** Answers requests for pages and nothing else. */
export class AdminDoor implements ListenerHandler {
  readonly #pages: StatusPages;
  readonly #log: Log;

  /** Shows pages. */
  constructor(pages: StatusPages, log: Log) {
    this.#pages = pages;
    this.#log = log;
  }

  upgrade(): UpgradeDecision {
    return { refuse: new Response("Not found\n", { status: 404 }) };
  }

  async http(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (!this.#pages.has(pathname, "operator")) {
      return new Response("Not found\n", { status: 404 });
    }
    if (request.method !== "GET" && request.method !== "HEAD") {
      return new Response("Method not allowed\n", { status: 405, headers: { allow: "GET" } });
    }
    return await this.#pages.answer(pathname, "operator");
  }

  fault(error: unknown): void {
    this.#log.error("connection fault", error);
  }

  notTaken(reason: string): void {
    this.#log.warn("connections not taken", { reason });
  }
}
