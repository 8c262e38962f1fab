/**
 * What a chat shows: the messages of others, and what becomes of one's own.
 *
 * @module
 */
import { z } from "zod";
import type { Clock } from "../../clock.ts";
import { localTime, localTimeShort } from "../local_time.ts";
import { printableLine, printableText } from "../printable.ts";
import type { Outgoing } from "./outbox.ts";
import { RecentIds } from "./recent_ids.ts";
import type { RpcPeer } from "./rpc_socket.ts";
import type { Screen } from "./screen.ts";

/** Messages whose ids are remembered, so that a redelivered one is shown once. */
const SHOWN_MAX = 10_000;

/** Own messages whose ids are remembered for their receipts. */
const SENT_MAX = 10_000;

const messagesSchema = z.array(z.object({
  id: z.string(),
  from: z.string(),
  to: z.string(),
  time: z.string(),
  message: z.string(),
}));

const receiptSchema = z.object({ id: z.string(), to: z.string(), state: z.string() });

/** What a conversation is shown with. */
export interface ConversationParts {
  readonly screen: Screen;
  readonly clock: Clock;
  /** Everything that waited at sign-in is shown. */
  readonly caughtUp: () => void;
  /** Messages cannot be shown. */
  readonly failed: (error: unknown) => void;
}

/** The server's requests and notifications, shown. */
export class Conversation implements RpcPeer {
  readonly #parts: ConversationParts;
  readonly #shown = new RecentIds(SHOWN_MAX);
  /** Numbers of own messages by the ids the server gave them, oldest first. */
  readonly #sent = new Map<string, number>();
  readonly #entered = Promise.withResolvers<void>();
  #user = "";

  constructor(parts: ConversationParts) {
    this.#parts = parts;
  }

  /** Somebody signed in, and was told so: what the server sends is shown from now on. */
  enter(user: string): void {
    this.#user = user;
    this.#entered.resolve();
  }

  /** Shows messages, and acknowledges them when they are shown. */
  async answer(method: string, params: unknown): Promise<unknown> {
    if (method === "ping") return "pong";
    if (method !== "msg.recv") throw new Error(`Server calls "${method}"`);
    await this.#entered.promise;
    for (const message of messagesSchema.parse(params)) {
      if (this.#shown.has(message.id)) continue;
      await this.#show(message).catch((error) => {
        this.#parts.failed(error);
        throw error;
      });
      this.#shown.add(message.id);
    }
    return "ACK";
  }

  notified(method: string, params: unknown): void {
    if (method === "queue.empty") this.#parts.caughtUp();
    if (method !== "msg.receipt") return;
    const receipt = receiptSchema.safeParse(params);
    if (!receipt.success) return;
    const { id } = receipt.data;
    if (this.#sent.has(id)) return this.#receipt(receipt.data);
    // The answer that names the id may have come just before, and be on its way to us.
    this.#parts.clock.after(1, () => this.#receipt(receipt.data));
  }

  #receipt({ id, to, state }: z.output<typeof receiptSchema>): void {
    const number = this.#sent.get(id);
    this.#sent.delete(id);
    this.#tell(`${number === undefined ? "An earlier message" : `#${number}`} to ${to}: ${state}`);
  }

  /** The server has a message of ours on disk. */
  accepted({ number, to }: Outgoing, id: string): void {
    this.#sent.set(id, number);
    const [oldest] = this.#sent.keys();
    if (this.#sent.size > SENT_MAX && oldest !== undefined) this.#sent.delete(oldest);
    this.#tell(`#${number} to ${to}: sent`);
  }

  /** The server does not take a message of ours. */
  refused({ number, to }: Outgoing, why: string): void {
    this.#tell(`#${number} to ${to}: refused: ${why}`);
  }

  #show(message: z.output<typeof messagesSchema>[number]): Promise<void> {
    const { from, to, time } = message;
    const at = localTimeShort(Date.parse(time), this.#parts.clock.now());
    // What the same user wrote on another device.
    const names = from === this.#user && to !== this.#user ? `${from} to ${to}` : from;
    const text = printableText(message.message);
    return this.#parts.screen.message(`[${at}] ${printableLine(names)}: ${text}`);
  }

  #tell(what: string): void {
    const now = localTime(this.#parts.clock.now());
    this.#parts.screen.notice(printableLine(`[${now}] ${what}`));
  }
}
