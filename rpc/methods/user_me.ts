/**
 * `user.me`: who is signed in.
 *
 * @module
 */
import { z } from "zod";
import { defineMethod, identityOf, type Method } from "../method.ts";
import { userView, viewOfUser } from "../user_view.ts";

/** Tells the user what is known of them. */
export const userMe: Method = defineMethod({
  name: "user.me",
  summary: "Answers who is signed in.",
  access: "user",
  params: z.unknown(),
  result: userView,
  async handler(_params, session, { accounts }) {
    return viewOfUser(await accounts.profile(identityOf(session).user));
  },
});
