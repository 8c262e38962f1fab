/**
 * A device, as its user is told of it.
 *
 * @module
 */
import { z } from "zod";
import type { DeviceView } from "./accounts.ts";
import { definedMembers } from "./defined_members.ts";
import { isoTimeOf } from "./iso_time.ts";

/** What a device is told to be on the wire. */
export const deviceView = z.object({
  device: z.string(),
  platform: z.string().optional().meta({ description: "What it runs, as it said itself" }),
  name: z.string().optional().meta({ description: "What its user calls it" }),
  push: z.enum(["fcm", "apns", "web"]).optional().meta({
    description: "Which push service wakes it; the token itself is not told",
  }),
  seen: z.iso.datetime().meta({ description: "When it was last here" }),
  online: z.boolean().meta({ description: "Whether it is connected now" }),
});

/** Tells what is known of a device. */
export function viewOfDevice(device: DeviceView): z.output<typeof deviceView> {
  const { id, platform, name, push, seen, online } = device;
  return definedMembers({ device: id, platform, name, push, seen: isoTimeOf(seen), online });
}
