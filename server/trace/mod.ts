/**
 * What becomes of messages, step by step.
 *
 * @module
 */
export type { MessageSpans, SpansOfMessage } from "./message_spans.ts";
export {
  type PushAnswered,
  type TracedAnswer,
  type TracedDelivery,
  type TracedPush,
  Tracer,
  type TracerParts,
} from "./tracer.ts";
