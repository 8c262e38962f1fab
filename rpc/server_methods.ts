/**
 * What the server calls on its clients, described as its own methods are. `message.ts` writes
 * these calls.
 *
 * @module
 */
import { z } from "zod";
import { MSG_RECEIPT, MSG_RECV, PING, QUEUE_EMPTY } from "./message.ts";
import { schemaOf } from "./json_schema.ts";
import type { MethodDescription } from "./method.ts";

const delivered = z.object({
  id: z.string().meta({ description: "The same in every delivery" }),
  from: z.string(),
  to: z.string(),
  time: z.iso.datetime(),
  message: z.string(),
  redelivered: z.int().min(1).optional().meta({
    description: "Deliveries before this one, from the second on",
  }),
});

/** What a `msg.receipt` says. */
export const receipt = z.object({
  id: z.string(),
  to: z.string(),
  state: z.enum(["delivered", "expired"]),
  time: z.iso.datetime(),
});

/** Describes everything the server calls on its clients. */
export function describeServerMethods(): readonly MethodDescription[] {
  return [
    {
      name: MSG_RECV,
      summary: "Delivers messages. Any result but an object with ack acknowledges them all.",
      params: schemaOf(z.array(delivered).min(1)),
      result: schemaOf(z.union([z.literal("ACK"), z.object({ ack: z.array(z.string()) })])),
    },
    {
      name: MSG_RECEIPT,
      summary: "Tells a sender that signed in with receipts what became of a message.",
      params: schemaOf(receipt),
    },
    {
      name: QUEUE_EMPTY,
      summary: "Tells that everything that waited at sign-in is acknowledged.",
      params: schemaOf(z.undefined()),
    },
    {
      name: PING,
      summary: "Asks for a sign of life; any answer is one.",
      params: schemaOf(z.undefined()),
      result: schemaOf(z.unknown()),
    },
  ];
}
