import assert from "node:assert/strict";
import {
  type Context,
  ROOT_CONTEXT,
  type SpanOptions,
  trace,
  type Tracer,
} from "@opentelemetry/api";
import { entryOf } from "../trace/fake_entry.ts";
import { OtelSpans } from "./otel_spans.ts";

const PHONE = { user: "bob", device: "phone" };
const TABLET = { user: "bob", device: "tablet" };

/** A span that was made. */
interface Made {
  readonly name: string;
  readonly options: SpanOptions;
  readonly parent: unknown;
  readonly span: unknown;
  end: unknown;
  outcome: unknown;
  isFault: boolean;
}

/** A tracer that remembers. */
function scene() {
  const made: Made[] = [];
  const startSpan = (name: string, options: SpanOptions = {}, context: Context = ROOT_CONTEXT) => {
    const span = {
      setAttribute: (_key: string, value: unknown) => void (one.outcome = value),
      setStatus: () => void (one.isFault = true),
      end: (at: unknown) => void (one.end = at),
    };
    const parent = trace.getSpan(context);
    const one: Made = {
      ...{ name, options, parent, span },
      ...{ end: undefined, outcome: undefined, isFault: false },
    };
    made.push(one);
    return span;
  };
  const tracer = { startSpan } as unknown as Pick<Tracer, "startSpan">;
  const commit = { ms: 2.5, bytes: 300, entries: [entryOf(), entryOf()] };
  const message = new OtelSpans(tracer).committed(entryOf({ time: 1000 }), commit, 1004);
  return { made, message, told: () => made.slice(2).map(wordsOf) };
}

function wordsOf({ name, options, end, outcome, isFault }: Made): string {
  const { startTime, attributes } = options;
  return [name, attributes?.["titan.device"], startTime, end, outcome, isFault].join(" ");
}

Deno.test("OtelSpans.committed() tells the send and, in it, the commit", () => {
  const { made: [send, commit] } = scene();
  assert.ok(send && commit);
  assert.deepEqual([send.name, send.parent, send.options.startTime, send.end], [
    ...["msg.send", undefined, 1000, 1004],
  ]);
  assert.deepEqual([commit.name, commit.options.startTime, commit.end], [
    "msg.commit",
    1001.5,
    1004,
  ]);
  assert.equal(commit.parent, send.span);
  assert.deepEqual(commit.options.attributes, {
    "titan.commit.bytes": 300,
    "titan.commit.messages": 2,
  });
});

Deno.test("OtelSpans: every delivery is a span until its device answers", () => {
  const { made, message, told } = scene();
  message.step({ step: "written", at: 10, ...PHONE, redelivered: 0 });
  message.step({ step: "written", at: 11, ...TABLET, redelivered: 0 });
  message.step({ step: "refused", at: 12, ...TABLET });
  message.step({ step: "set_aside", at: 12, ...TABLET });
  message.step({ step: "written", at: 20, ...PHONE, redelivered: 1 });
  message.step({ step: "acknowledged", at: 21, ...PHONE });
  message.step({ step: "acknowledged", at: 22, ...PHONE });
  assert.deepEqual(told(), [
    "msg.deliver phone 10 20 unanswered false",
    "msg.deliver tablet 11 12 refused true",
    "msg.deliver phone 20 21 acknowledged false",
  ]);
  assert.ok(made.slice(2).every(({ parent }) => parent === made[0]?.span));
  assert.equal(made[4]?.options.attributes?.["titan.redelivered"], 1);
});

Deno.test("OtelSpans: a push is a span beside the delivery to the same device", () => {
  const { message, told } = scene();
  message.step({ step: "written", at: 10, ...PHONE, redelivered: 0 });
  message.step({ step: "push_sent", at: 15, ...PHONE, provider: "fcm" });
  message.step({ step: "push_answered", at: 16, ...PHONE, provider: "fcm", answer: "accepted" });
  message.step({ step: "push_sent", at: 17, ...PHONE, provider: "fcm" });
  const rejected = { answer: "rejected", reason: "A reason that stays here" } as const;
  message.step({ step: "push_answered", at: 18, ...PHONE, provider: "fcm", ...rejected });
  message.end(99);
  message.end(100);
  assert.deepEqual(told(), [
    "msg.deliver phone 10 99 unanswered false",
    "msg.push phone 15 16 accepted false",
    "msg.push phone 17 18 rejected true",
  ]);
});
