/**
 * `auth.refresh`: changes a refresh token for the next tokens.
 *
 * @module
 */
import { z } from "zod";
import { isoTimeOf } from "../iso_time.ts";
import { defineMethod, type Method } from "../method.ts";
import { tokenText } from "../sign_in_params.ts";

const refresh = tokenText("The refresh token, which is used up");

/** Renews tokens. It signs nobody in: whoever has no valid token can call it. */
export const authRefresh: Method = defineMethod({
  name: "auth.refresh",
  summary: "Answers new tokens for a refresh token, which is good for one use.",
  access: "anyone",
  params: z.union([z.object({ refresh }), z.tuple([refresh])]),
  result: z.object({
    token: z.string().meta({ description: "What to sign in with: a JSON Web Token" }),
    expires: z.iso.datetime().meta({ description: "When the token ends" }),
    refresh: z.string().meta({ description: "What gets the next tokens, once" }),
    refreshExpires: z.iso.datetime().meta({ description: "When the refresh token ends" }),
    user: z.string(),
    device: z.string(),
  }),
  async handler(params, session, { accounts }) {
    const used = Array.isArray(params) ? params[0] : params.refresh;
    const told = await accounts.refresh(used, session);
    const { token, expires, refresh, refreshExpires, user, device } = told;
    return {
      token,
      expires: isoTimeOf(expires),
      refresh,
      refreshExpires: isoTimeOf(refreshExpires),
      user,
      device,
    };
  },
});
