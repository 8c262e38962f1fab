/**
 * What a device is told in a push.
 *
 * @module
 */
import type { PushContent } from "../../push/mod.ts";
import type { Waiting } from "../../store/mod.ts";

/**
 * How much pushes tell, as the deployment chooses: services and whoever looks at the screen see it.
 * `none`: that something waits. `sender`: also who wrote. `text`: also what.
 */
export type PushContentPolicy = "none" | "sender" | "text";

/** What a push is made of besides what waits. */
export interface ContentParts {
  /** How much may be told. */
  readonly policy: PushContentPolicy;
  /** What the sender of the newest message is called; not told under `none`. */
  readonly sender: string;
  /** By which the device says that it saw the push. */
  readonly nonce: string;
}

/** Tells what waits, as far as may be. */
export function contentOf(waiting: Waiting, { policy, sender, nonce }: ContentParts): PushContent {
  const { messages: badge, newest } = waiting;
  if (policy === "none") return { badge, fetch: true, nonce };
  const text = policy === "text" ? textOf(newest.body) : undefined;
  if (text === undefined) return { badge, fetch: true, sender, nonce };
  return { badge, fetch: badge > 1, sender, text, nonce };
}

/** The text of a message. The store keeps bodies as they are, those of other versions too. */
function textOf(body: string): string | undefined {
  const { message } = JSON.parse(body);
  return typeof message === "string" ? message : undefined;
}
