/**
 * What goes through the operator's socket: HTTP and JSON. Both ends check what comes from the
 * other by the schemas here, since they may be of different versions.
 *
 * | request                             | answers                                     |
 * | ----------------------------------- | ------------------------------------------- |
 * | `GET /users?after=ID&limit=N`       | 200 and a page                              |
 * | `POST /users`                       | 201 and the user, 409 where the id is taken |
 * | `GET /users/ID`                     | 200 and a report, 404                       |
 * | `DELETE /users/ID`                  | 204, 404                                    |
 * | `DELETE /devices?user=ID&device=ID` | 204, 404                                    |
 *
 * A device is not below its user: it may be called `..`, and then the path would be the user's.
 *
 * @module
 */
import { z } from "zod";
import { ECHO_USER, parseDeviceId, parseUserId } from "../rpc/mod.ts";
import { type NewUser, USER_PAGE_MAX, type UserPage, type UserReport } from "./user_admin.ts";
import type { User } from "../store/mod.ts";

/** The longest name of a user, in characters. */
export const NAME_CHARS_MAX = 256;

/** The longest e-mail address, in characters (RFC 5321 §4.5.3.1.3). */
export const EMAIL_CHARS_MAX = 254;

/** The path of all users. */
export const USERS_PATH = "/users";

/** What the path of one user begins with. A segment that was `.` or `..` alone would be lost. */
export const USER_PATH_HEAD = `${USERS_PATH}/@`;

/** The path of all devices. */
export const DEVICES_PATH = "/devices";

const userId = z.string().refine((id) => isUserId(id), "must be a normalised user id");

/** One line, since it ends in a terminal and in other people's applications. */
const name = z.string().min(1).max(NAME_CHARS_MAX).regex(/^\P{Cc}*$/u);

const email = z.string().max(EMAIL_CHARS_MAX).regex(/^[^\s\p{Cc}@]+@[^\s\p{Cc}@]+$/u);

/** The body of a request to add a user. */
export const newUserSchema: z.ZodType<NewUser> = z.object({
  id: userId,
  name: z.exactOptional(name),
  email: z.exactOptional(email),
});

/** The query of a request for a page. */
export const pageQuerySchema: z.ZodType<{ after: string; limit: number }> = z.object({
  after: z.string(),
  limit: z.coerce.number().int().min(1).max(USER_PAGE_MAX),
});

/** The query of a request for one device, with ids in their normal form. */
export const deviceQuerySchema: z.ZodType<{ user: string; device: string }> = z.object({
  user: userId,
  device: z.string().refine((id) => parseDeviceId(id) === id, "must be a normalised device id"),
});

/** The answer with one user. */
export const userSchema: z.ZodType<User> = z.object({
  id: z.string(),
  registered: z.number(),
  email: z.exactOptional(z.string()),
  name: z.exactOptional(z.string()),
  picture: z.exactOptional(z.string()),
});

/** The answer with a page. */
export const userPageSchema: z.ZodType<UserPage> = z.object({
  users: z.array(userSchema),
  next: z.string().nullable(),
});

/** The answer with a report. */
export const userReportSchema: z.ZodType<UserReport> = z.object({
  user: userSchema,
  devices: z.array(z.object({
    id: z.string(),
    seen: z.number(),
    cursor: z.number().nullable(),
    online: z.boolean(),
  })),
  waiting: z.object({ messages: z.number(), bytes: z.number() }),
});

/** Whether a text is a user id in its normal form that somebody may have. */
export function isUserId(text: string): boolean {
  return parseUserId(text) === text && text !== ECHO_USER;
}
