/**
 * The port through which what becomes of messages is told to OpenTelemetry, as it happens.
 *
 * @module
 */
import type { TraceStep } from "../../rpc/mod.ts";
import type { Entry, WrittenCommit } from "../../store/mod.ts";

/** The spans of one message. */
export interface SpansOfMessage {
  /** A step that follows the commit. */
  step(step: TraceStep): void;
  /** Nothing more of it is noted. @param now milliseconds since 1970 */
  end(now: number): void;
}

/** Makes the spans of messages. It is called for each message that is traced, and must be short. */
export interface MessageSpans {
  /** A message is on disk. @param now when that was, in milliseconds since 1970 */
  committed(entry: Entry, commit: WrittenCommit, now: number): SpansOfMessage;
}
