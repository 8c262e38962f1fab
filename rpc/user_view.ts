/**
 * A user, as the user is told.
 *
 * @module
 */
import { z } from "zod";
import type { User } from "../store/mod.ts";
import { definedMembers } from "./defined_members.ts";
import { isoTimeOf } from "./iso_time.ts";

/** The members by which a user is known to people. */
export const profileMembers = {
  email: z.string().optional(),
  name: z.string().optional(),
  picture: z.string().optional().meta({ description: "The URL of a picture" }),
};

/** What a user is told to be on the wire. */
export const userView = z.object({
  id: z.string(),
  ...profileMembers,
  registered: z.iso.datetime().meta({ description: "When the user came into being" }),
});

/** Tells what is known of a user. */
export function viewOfUser(
  { id, email, name, picture, registered }: User,
): z.output<typeof userView> {
  return definedMembers({ id, email, name, picture, registered: isoTimeOf(registered) });
}
