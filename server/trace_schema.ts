/**
 * A trace as it goes through the operator's socket.
 *
 * @module
 */
import { z } from "zod";
import { MESSAGE_ID_CHARS } from "../limits.ts";
import { type MessageTrace, PUSH_ANSWERS, TRACE_PROVIDERS, TRACE_STEPS } from "../rpc/mod.ts";

/** The query of a request for a trace. */
export const traceQuerySchema: z.ZodType<{ id: string }> = z.object({
  id: z.string().length(MESSAGE_ID_CHARS),
});

const count = z.int().min(0);

/** The answer with a trace. */
export const traceSchema: z.ZodType<MessageTrace> = z.object({
  id: z.string(),
  sender: z.string(),
  to: z.string(),
  expires: z.number(),
  steps: z.array(z.object({
    step: z.enum(TRACE_STEPS),
    at: z.number(),
    user: z.exactOptional(z.string()),
    device: z.exactOptional(z.string()),
    redelivered: z.exactOptional(count),
    provider: z.exactOptional(z.enum(TRACE_PROVIDERS)),
    answer: z.exactOptional(z.enum(PUSH_ANSWERS)),
    reason: z.exactOptional(z.string()),
  })),
  leftOut: count,
});
