/**
 * The steps of messages as spans of OpenTelemetry, by Deno's own exporter: one trace a message.
 *
 * | span          | from, to                                                        |
 * | ------------- | --------------------------------------------------------------- |
 * | `msg.send`    | the acceptance of a message, until it is on disk; it is the root |
 * | `msg.commit`  | the write to the disk that has it                               |
 * | `msg.deliver` | one delivery to one device, until the device answers            |
 * | `msg.push`    | one push that speaks for it, until the push service answers     |
 *
 * @module
 */
import {
  type Attributes,
  type Context,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  type Tracer,
} from "@opentelemetry/api";
import type { TraceStep } from "../../rpc/mod.ts";
import type { Entry, WrittenCommit } from "../../store/mod.ts";
import type { PushConfig } from "../push_config.ts";
import { hasPushService } from "../push_providers.ts";
import type { MessageSpans, SpansOfMessage } from "../trace/mod.ts";
import { assertParentIsHeeded } from "./unsampled.ts";

/**
 * Spans by the tracer that the runtime has registered.
 *
 * @param version of Titan
 * @throws {ConfigError} OpenTelemetry is set to tell what it must not.
 */
export function createOtelSpans(
  version: string,
  config: PushConfig,
): MessageSpans {
  const tracer = trace.getTracer("titan", version);
  if (hasPushService(config)) assertParentIsHeeded(tracer);
  return new OtelSpans(tracer);
}

/** Spans of messages. */
export class OtelSpans implements MessageSpans {
  readonly #tracer: Pick<Tracer, "startSpan">;

  /** Makes them with a tracer. */
  constructor(tracer: Pick<Tracer, "startSpan">) {
    this.#tracer = tracer;
  }

  committed(entry: Entry, { ms, bytes, entries }: WrittenCommit, now: number): SpansOfMessage {
    const { id, sender, to, device, time } = entry;
    const root = this.#tracer.startSpan("msg.send", {
      kind: SpanKind.PRODUCER,
      startTime: time,
      attributes: {
        "messaging.system": "titan",
        "messaging.operation.name": "send",
        "messaging.message.id": id,
        "messaging.message.body.size": entry.bytes,
        "titan.sender": sender,
        "titan.sender.device": device,
        "titan.receiver": to,
      },
    }, ROOT_CONTEXT);
    const context = trace.setSpan(ROOT_CONTEXT, root);
    const commit = this.#tracer.startSpan("msg.commit", {
      // By another clock: rather a little shorter than before its message.
      startTime: Math.max(time, now - ms),
      attributes: { "titan.commit.bytes": bytes, "titan.commit.messages": entries.length },
    }, context);
    commit.end(now);
    root.end(now);
    return new OtelMessage(this.#tracer, context, id);
  }
}

/** The spans of one message that are open. */
class OtelMessage implements SpansOfMessage {
  readonly #tracer: Pick<Tracer, "startSpan">;
  readonly #context: Context;
  readonly #id: string;
  /** By what they are about. */
  readonly #open = new Map<string, Span>();

  constructor(tracer: Pick<Tracer, "startSpan">, context: Context, id: string) {
    this.#tracer = tracer;
    this.#context = context;
    this.#id = id;
  }

  step(step: TraceStep): void {
    const { user = "", device = "", at, redelivered = 0 } = step;
    const key = `${user}\n${device}`;
    const about: Attributes = { "titan.user": user, "titan.device": device };
    switch (step.step) {
      case "written":
        this.#end(key, at, "unanswered");
        return this.#start(key, "msg.deliver", SpanKind.CONSUMER, at, {
          ...about,
          "messaging.operation.name": "deliver",
          "titan.redelivered": redelivered,
        });
      case "acknowledged":
      case "refused":
        return this.#end(key, at, step.step, step.step === "refused");
      case "push_sent":
        return this.#start(`push\n${key}`, "msg.push", SpanKind.CLIENT, at, {
          ...about,
          "titan.push.provider": step.provider ?? "",
        });
      case "push_answered":
        return this.#end(`push\n${key}`, at, step.answer ?? "", step.answer !== "accepted");
    }
  }

  end(now: number): void {
    for (const key of this.#open.keys()) this.#end(key, now, "unanswered");
  }

  #start(key: string, name: string, kind: SpanKind, at: number, about: Attributes): void {
    const attributes = { "messaging.message.id": this.#id, ...about };
    const options = { kind, startTime: at, attributes };
    this.#open.set(key, this.#tracer.startSpan(name, options, this.#context));
  }

  #end(key: string, at: number, outcome: string, isFault = false): void {
    const span = this.#open.get(key);
    if (span === undefined) return;
    this.#open.delete(key);
    span.setAttribute("titan.outcome", outcome);
    if (isFault) span.setStatus({ code: SpanStatusCode.ERROR, message: outcome });
    span.end(at);
  }
}
