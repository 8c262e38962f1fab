/**
 * `auth.logout`: ends the tokens of this device.
 *
 * @module
 */
import { z } from "zod";
import { ACK, defineMethod, identityOf, type Method } from "../method.ts";
import { RpcError } from "../rpc_error.ts";

/** Ends what this session was signed in with, and what belongs to it. */
export const authLogout: Method = defineMethod({
  name: "auth.logout",
  summary: "Ends the tokens, the push and the connection of this device.",
  access: "user",
  params: z.unknown(),
  result: z.literal("ACK"),
  async handler(_params, session, { accounts }) {
    const { credential } = session;
    if (credential === undefined) throw new RpcError("unauthenticated");
    await accounts.logout(identityOf(session), credential);
    return ACK;
  },
});
