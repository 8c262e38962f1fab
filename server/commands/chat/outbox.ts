/**
 * Messages that the server has not acknowledged yet, in the order in which they were written.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { SEND_MESSAGES_MAX } from "../../../limits.ts";

/** A message on its way. */
export interface Outgoing {
  /** Counts the messages of this chat, from 1. */
  readonly number: number;
  /** Under this id it is stored once, however often it is sent. */
  readonly cid: string;
  readonly to: string;
  readonly text: string;
}

/** The texts of one request, in UTF-8 bytes: escaped, they still fit into a frame. */
const BATCH_BYTES_MAX = 32 * 1024;

/** Messages that may wait before the input has to. */
const WAITING_MAX = 1000;

/** A queue of messages that stay until they are settled. */
export class Outbox {
  readonly #cidPrefix: string;
  #messages: Outgoing[] = [];
  #count = 0;
  #changed = Promise.withResolvers<void>();

  /** @param cidPrefix makes the ids of this chat unlike those of any other */
  constructor(cidPrefix: string) {
    this.#cidPrefix = cidPrefix;
  }

  /** Messages that are not settled. */
  get size(): number {
    return this.#messages.length;
  }

  /** Whether the input should wait. */
  get isFull(): boolean {
    return this.size >= WAITING_MAX;
  }

  /** Adds a message. */
  add(to: string, text: string): void {
    const number = ++this.#count;
    this.#messages.push({ number, cid: `${this.#cidPrefix}-${number}`, to, text });
    this.#note();
  }

  /** The oldest messages that fit into one request. They stay until they are settled. */
  batch(limit: number): readonly Outgoing[] {
    const batch: Outgoing[] = [];
    let bytes = 0;
    for (const message of this.#messages.slice(0, Math.min(limit, SEND_MESSAGES_MAX))) {
      bytes += Buffer.byteLength(message.text);
      if (batch.length > 0 && bytes > BATCH_BYTES_MAX) break;
      batch.push(message);
    }
    return batch;
  }

  /** The server has said what became of a message: it is acknowledged, or refused. */
  settle({ cid }: Outgoing): void {
    this.#messages = this.#messages.filter((message) => message.cid !== cid);
    this.#note();
  }

  /** Resolves when a message has come or gone. */
  changed(): Promise<void> {
    return this.#changed.promise;
  }

  #note(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }
}
