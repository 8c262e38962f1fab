/**
 * Sends what is in the outbox over one connection, a request at a time: so messages keep their
 * order even where one has to be sent again.
 *
 * @module
 */
import { z } from "zod";
import { SEND_MESSAGES_MAX } from "../../../limits.ts";
import type { Outbox, Outgoing } from "./outbox.ts";
import { AnswerError, EndedError, type RpcConnection } from "./rpc_socket.ts";

const reportSchema = z.object({
  accepted: z.array(z.object({ index: z.int(), id: z.string() })),
  rejected: z.array(z.object({ index: z.int(), message: z.string() })),
});

/** What the sender needs, and whom it tells. */
export interface SenderParts {
  readonly outbox: Outbox;
  readonly socket: Pick<RpcConnection, "call" | "ended" | "isEnded">;
  /** Waits. */
  readonly sleep: (ms: number) => Promise<void>;
  /** The server has a message on disk. */
  readonly accepted: (message: Outgoing, id: string) => void;
  /** The server does not take a message. */
  readonly refused: (message: Outgoing, why: string) => void;
}

/** Sends until the connection is over. */
export async function sendFrom(parts: SenderParts): Promise<void> {
  const { outbox, socket, sleep } = parts;
  let limit = SEND_MESSAGES_MAX;
  while (!socket.isEnded) {
    const batch = outbox.batch(limit);
    if (batch.length === 0) {
      await Promise.race([outbox.changed(), socket.ended]);
      continue;
    }
    try {
      const messages = batch.map(({ to, text, cid }) => ({ to, message: text, cid }));
      settle(parts, batch, await socket.call("msg.send", { messages }));
    } catch (error) {
      if (error instanceof EndedError) return;
      if (!(error instanceof AnswerError)) throw error;
      if (error.retryable) {
        limit = Math.max(1, Math.floor(limit / 2));
        await Promise.race([sleep(error.retryAfter * 1000), socket.ended]);
      } else for (const message of batch) refuse(parts, message, error.message);
    }
  }
}

/** What the server answers of each message; of one that it leaves out it is asked again. */
function settle(parts: SenderParts, batch: readonly Outgoing[], answer: unknown): void {
  const { accepted, rejected } = reportSchema.parse(answer);
  for (const { index, id } of accepted) {
    const message = batch[index];
    if (message === undefined) continue;
    parts.outbox.settle(message);
    parts.accepted(message, id);
  }
  for (const { index, message: why } of rejected) {
    const message = batch[index];
    if (message !== undefined) refuse(parts, message, why);
  }
}

function refuse({ outbox, refused }: SenderParts, message: Outgoing, why: string): void {
  outbox.settle(message);
  refused(message, why);
}
