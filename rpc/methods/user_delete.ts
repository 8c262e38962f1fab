/**
 * `user.delete`: removes the user who asks.
 *
 * @module
 */
import { z } from "zod";
import { ACK, defineMethod, identityOf, type Method } from "../method.ts";

/** Removes the user with everything that is kept about them. */
export const userDelete: Method = defineMethod({
  name: "user.delete",
  summary: "Removes the user with devices, tokens and messages. Nothing brings them back.",
  access: "user",
  params: z.unknown(),
  result: z.literal("ACK"),
  async handler(_params, session, { accounts }) {
    await accounts.deleteUser(identityOf(session).user);
    return ACK;
  },
});
