/**
 * `user.export`: everything that is kept about a user, in pages.
 *
 * @module
 */
import { z } from "zod";
import { exportPlace } from "../export_place.ts";
import { exportView, viewOfExport } from "../export_view.ts";
import { defineMethod, identityOf, type Method } from "../method.ts";

/** Answers a page of everything that is kept about the user. */
export const userExport: Method = defineMethod({
  name: "user.export",
  summary: "Answers everything that is kept about the user, page by page.",
  access: "user",
  params: z.object({
    after: exportPlace.optional().meta({
      description: "The next of the page before; without it the first page",
    }),
  }).optional(),
  result: exportView,
  async handler(params, session, { accounts }) {
    const { user } = identityOf(session);
    return viewOfExport(await accounts.exportUser(user, params?.after ?? null));
  },
});
