/**
 * `auth.logoutAll`: ends the tokens of all devices.
 *
 * @module
 */
import { z } from "zod";
import { ACK, defineMethod, identityOf, type Method } from "../method.ts";

/** Ends every token of the user that was issued until now. */
export const authLogoutAll: Method = defineMethod({
  name: "auth.logoutAll",
  summary: "Ends the tokens, the push and the connections of all devices of the user.",
  access: "user",
  params: z.unknown(),
  result: z.literal("ACK"),
  async handler(_params, session, { accounts }) {
    await accounts.logoutAll(identityOf(session).user);
    return ACK;
  },
});
