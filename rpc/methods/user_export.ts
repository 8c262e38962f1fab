/**
 * `user.export`: everything that is kept about a user, in pages.
 *
 * @module
 */
import { z } from "zod";
import type { ExportedMessage, ExportPage } from "../accounts.ts";
import { definedMembers } from "../defined_members.ts";
import { deviceView } from "../device_view.ts";
import { isoTimeOf } from "../iso_time.ts";
import { readBody, readReceipt } from "../message.ts";
import { defineMethod, identityOf, type Method } from "../method.ts";
import { receipt } from "../server_methods.ts";
import { userView, viewOfUser } from "../user_view.ts";

const push = z.object({
  provider: z.enum(["fcm", "apns", "web"]),
  token: z.string().meta({ description: "For web: the endpoint of the subscription" }),
  keys: z.object({ p256dh: z.string(), auth: z.string() }).optional(),
  topic: z.string().optional(),
  registered: z.iso.datetime(),
});

const device = deviceView.omit({ online: true }).extend({ push: push.optional() });

const kept = {
  id: z.string(),
  from: z.string(),
  to: z.string(),
  accepted: z.iso.datetime().meta({ description: "When the server took it" }),
  expires: z.iso.datetime(),
};

const message = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("message"),
    ...kept,
    time: z.iso.datetime().meta({ description: "As in msg.recv" }),
    message: z.string(),
  }),
  z.object({
    kind: z.literal("receipt"),
    ...kept,
    receipt: receipt.meta({ description: "The params of the msg.receipt" }),
  }),
]);

/** Answers a page of everything that is kept about the user. */
export const userExport: Method = defineMethod({
  name: "user.export",
  summary: "Answers everything that is kept about the user, page by page.",
  access: "user",
  params: z.object({
    after: z.int().min(0).optional().meta({
      description: "The next of the page before; without it the first page",
    }),
  }).optional(),
  result: z.object({
    user: userView.optional().meta({ description: "On the first page" }),
    devices: z.array(device).optional().meta({ description: "On the first page" }),
    messages: z.array(message),
    next: z.int().nullable().meta({ description: "Null where this is the last page" }),
  }),
  async handler(params, session, { accounts }) {
    const { user: id } = identityOf(session);
    const { user, devices, messages, next } = await accounts.exportUser(id, params?.after ?? 0);
    return {
      ...(user === undefined ? {} : { user: viewOfUser(user) }),
      ...(devices === undefined ? {} : { devices: devices.map(deviceOf) }),
      messages: messages.map(messageOf),
      next,
    };
  },
});

function deviceOf(
  { id, platform, name, push: known, seen }: NonNullable<ExportPage["devices"]>[number],
): z.output<typeof device> {
  const push = known === undefined
    ? undefined
    : definedMembers({ ...known, registered: isoTimeOf(known.registered) });
  return definedMembers({ device: id, platform, name, push, seen: isoTimeOf(seen) });
}

function messageOf(
  { id, kind, from, to, time, expires, body }: ExportedMessage,
): z.output<typeof message> {
  const envelope = { id, from, to, accepted: isoTimeOf(time), expires: isoTimeOf(expires) };
  if (kind === "receipt") return { kind, ...envelope, receipt: readReceipt(body) };
  const written = readBody(body);
  return { kind, ...envelope, time: written.time, message: written.message };
}
