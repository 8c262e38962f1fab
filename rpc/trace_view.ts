/**
 * What became of a message, as its sender is told: of the receiver's devices a number instead of
 * their ids, and of a push service its answer without the words that are for the operator.
 *
 * @module
 */
import { z } from "zod";
import { definedMembers } from "./defined_members.ts";
import { isoTimeOf } from "./iso_time.ts";
import {
  type MessageTrace,
  PUSH_ANSWERS,
  TRACE_PROVIDERS,
  TRACE_STEPS,
  type TraceStep,
} from "./traces.ts";

const stepView = z.object({
  step: z.enum(TRACE_STEPS),
  time: z.iso.datetime(),
  ms: z.int().meta({ description: "Milliseconds since it was accepted" }),
  device: z.string().optional().meta({
    description: "The receiver's devices by a number, in the order in which they appear; own " +
      "devices by their ids",
  }),
  own: z.literal(true).optional().meta({ description: "It is a device of the sender's" }),
  redelivered: z.int().min(1).optional().meta({
    description: "Of written: deliveries to this device before this one",
  }),
  provider: z.enum(TRACE_PROVIDERS).optional().meta({
    description: "Of a push: who pushes; log: pushes are only logged",
  }),
  answer: z.enum(PUSH_ANSWERS).optional().meta({
    description: "Of push_answered: what the push service said",
  }),
});

/** What is told of a message on the wire. */
export const traceView = z.object({
  id: z.string(),
  expires: z.iso.datetime().meta({ description: "When it stops being deliverable" }),
  steps: z.array(stepView).meta({ description: "In the order in which they happened" }),
  leftOut: z.int().min(1).optional().meta({
    description: "Steps in the middle that were not kept",
  }),
});

/** Tells the sender of a message what became of it. */
export function viewOfTrace(trace: MessageTrace): z.output<typeof traceView> {
  const { id, sender, expires, steps, leftOut } = trace;
  const accepted = steps[0]?.at ?? 0;
  const numbers = new Map<string, string>();

  function nameOf({ user, device }: TraceStep): string | undefined {
    if (device === undefined || user === sender) return device;
    const number = numbers.get(device) ?? `${numbers.size + 1}`;
    numbers.set(device, number);
    return number;
  }

  return definedMembers({
    id,
    expires: isoTimeOf(expires),
    steps: steps.map((one) =>
      definedMembers({
        step: one.step,
        time: isoTimeOf(one.at),
        ms: one.at - accepted,
        device: nameOf(one),
        own: one.user === sender ? true as const : undefined,
        redelivered: one.redelivered === 0 ? undefined : one.redelivered,
        provider: one.provider,
        answer: one.answer,
      })
    ),
    leftOut: leftOut === 0 ? undefined : leftOut,
  });
}
