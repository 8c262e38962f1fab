/**
 * What is kept about a user, as the user is told: in `user.export`, and by the operator's command.
 *
 * @module
 */
import { z } from "zod";
import type { ExportedMessage, ExportPage } from "./accounts.ts";
import { definedMembers } from "./defined_members.ts";
import { deviceView } from "./device_view.ts";
import { exportPlaceText } from "./export_place.ts";
import { isoTimeOf } from "./iso_time.ts";
import { readBody, readReceipt } from "./message.ts";
import { receipt } from "./server_methods.ts";
import { userView, viewOfUser } from "./user_view.ts";

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
  setAside: z.object({ device: z.string() }).optional().meta({
    description: "It was set aside, since this device refused it again and again",
  }),
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

/** A page of an export, as the user is told: what its objects hold is in the schema. */
export interface ExportView {
  /** On the first page. */
  readonly user?: object | undefined;
  /** On the first page. */
  readonly devices?: readonly object[] | undefined;
  /** Messages and receipts. */
  readonly messages: readonly object[];
  /** Where the next page begins; null where this is the last. */
  readonly next: string | null;
}

/** What a page of an export is on the wire. */
export const exportView: z.ZodType<ExportView> = z.object({
  user: userView.optional().meta({ description: "On the first page" }),
  devices: z.array(device).optional().meta({ description: "On the first page" }),
  messages: z.array(message),
  next: z.string().nullable().meta({ description: "Null where this is the last page" }),
});

/** Tells what a page has. */
export function viewOfExport({ user, devices, messages, next }: ExportPage): ExportView {
  return definedMembers({
    user: user && viewOfUser(user),
    devices: devices?.map(viewOfDevice),
    messages: messages.map(viewOfMessage),
    next: next && exportPlaceText(next),
  });
}

function viewOfDevice(
  { id, platform, name, push: known, seen }: NonNullable<ExportPage["devices"]>[number],
): z.output<typeof device> {
  const push = known && definedMembers({ ...known, registered: isoTimeOf(known.registered) });
  return definedMembers({ device: id, platform, name, push, seen: isoTimeOf(seen) });
}

function viewOfMessage(
  { id, kind, from, to, time, expires, setAside, body }: ExportedMessage,
): z.output<typeof message> {
  const envelope = definedMembers({
    id,
    from,
    to,
    accepted: isoTimeOf(time),
    expires: isoTimeOf(expires),
    setAside,
  });
  if (kind === "receipt") return { kind, ...envelope, receipt: readReceipt(body) };
  const written = readBody(body);
  return { kind, ...envelope, time: written.time, message: written.message };
}
