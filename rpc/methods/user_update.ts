/**
 * `user.update`: changes what a user is called and looks like.
 *
 * @module
 */
import { z } from "zod";
import { USER_NAME_CHARS_MAX } from "../../limits.ts";
import { definedMembers } from "../defined_members.ts";
import { httpsUrl } from "../https_url.ts";
import { defineMethod, identityOf, type Method } from "../method.ts";
import { nameText } from "../name_text.ts";
import { userView, viewOfUser } from "../user_view.ts";

const params = z.object({
  name: nameText("What the user is called; null takes it away", USER_NAME_CHARS_MAX)
    .nullable().optional(),
  picture: httpsUrl("Where a picture is; null takes it away").nullable().optional(),
}).refine(({ name, picture }) => name !== undefined || picture !== undefined, {
  message: 'must have "name" or "picture"',
});

/** Changes the user's own profile. */
export const userUpdate: Method = defineMethod({
  name: "user.update",
  summary: "Changes the name and the picture of the user; what is left out stays.",
  access: "user",
  params,
  result: userView,
  async handler(asked, session, { accounts }) {
    const change = definedMembers(asked);
    return viewOfUser(await accounts.updateProfile(identityOf(session).user, change));
  },
});
