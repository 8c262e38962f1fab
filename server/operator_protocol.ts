/**
 * What goes through the operator's socket: HTTP and JSON. Both ends check what comes from the
 * other by the schemas here, since they may be of different versions.
 *
 * | request                             | answers                                     |
 * | ----------------------------------- | ------------------------------------------- |
 * | `GET /users?after=ID&limit=N`       | 200 and a page                              |
 * | `GET /users?email=ADDRESS`          | 200 and users                               |
 * | `POST /users`                       | 201 and the user, 409 where the id is taken |
 * | `GET /users/ID`                     | 200 and a report, 404                       |
 * | `PATCH /users/ID`                   | 200 and the user, 404                       |
 * | `DELETE /users/ID`                  | 204, 404                                    |
 * | `DELETE /devices?user=ID&device=ID` | 204, 404                                    |
 * | `GET /export?user=ID&after=PLACE`   | 200 and a page of the export, 404           |
 * | `POST /revocations`                 | 204                                         |
 * | `GET /status`                       | 200 and how the server is                   |
 * | `POST /push-trials?user=ID&device=ID&ms=N` | 200 and the steps of a trial, one a line as they come |
 * | `GET /traces?id=ID`                 | 200 and what became of a message, 404       |
 *
 * A device is not below its user: it may be called `..`, and then the path would be the user's.
 *
 * @module
 */
import { z } from "zod";
import { URL_CHARS_MAX, USER_NAME_CHARS_MAX } from "../limits.ts";
import {
  ECHO_USER,
  type ExportPage,
  type ExportPlace,
  isNameText,
  parseDeviceId,
  parseExportPlace,
  parseHttpsUrl,
  parseUserId,
  type ProfileChange,
} from "../rpc/mod.ts";
import type { PushOutcome } from "../push/mod.ts";
import type { User } from "../store/mod.ts";
import { isTokenId } from "./auth/mod.ts";
import { DATE_MS_MAX } from "./clock.ts";
import { parseEmail } from "./email_address.ts";
import type { PushFigures, PushTrialStep } from "./push/mod.ts";
import type { ServerStatus } from "./server_admin.ts";
import { type NewUser, USER_PAGE_MAX, type UserPage, type UserReport } from "./user_admin.ts";

/** The path of all users. */
export const USERS_PATH = "/users";

/** What the path of one user begins with. A segment that was `.` or `..` alone would be lost. */
export const USER_PATH_HEAD = `${USERS_PATH}/@`;

/** The path of all devices. */
export const DEVICES_PATH = "/devices";

/** The path of everything that is kept about somebody. */
export const EXPORT_PATH = "/export";

/** The path of what is refused of tokens. */
export const REVOCATIONS_PATH = "/revocations";

/** The path of how the server is. */
export const STATUS_PATH = "/status";

/** The path of pushes that are sent to try whether they arrive. */
export const PUSH_TRIALS_PATH = "/push-trials";

/** The path of what became of messages. */
export const TRACES_PATH = "/traces";

/** How long a trial may wait for its device, in milliseconds. */
export const TRIAL_MS_MAX = 600_000;

/** What one {@linkcode REVOCATIONS_PATH} refuses. */
export type RevocationRequest =
  /** All tokens of a user, known here or not, that were issued up to now. */
  | { readonly user: string }
  /** One token, by its id, until it ends by itself: in milliseconds since 1970. */
  | { readonly token: string; readonly until: number };

const userId = z.string().refine((id) => isUserId(id), "must be a normalised user id");

const deviceId = z.string().refine(
  (id) => parseDeviceId(id) === id,
  "must be a normalised device id",
);

const name = z.string().refine(
  (text) => isNameText(text, USER_NAME_CHARS_MAX),
  `must be 1 to ${USER_NAME_CHARS_MAX} characters in one line`,
);

const picture = z.string().transform((text, context) => {
  const url = parseHttpsUrl(text);
  if (url !== undefined) return url;
  context.addIssue(`must be an https URL of at most ${URL_CHARS_MAX} characters`);
  return z.NEVER;
});

const exportPlace = z.string().transform((text, context) => {
  const place = parseExportPlace(text);
  if (place !== undefined) return place;
  context.addIssue("must be where a page of an export ends");
  return z.NEVER;
});

/** An e-mail address, brought into the form in which those of issuers are kept. */
export const emailSchema: z.ZodType<string> = z.string().transform((text, context) => {
  const email = parseEmail(text);
  if (email !== undefined) return email;
  context.addIssue({ code: "invalid_format", format: "email" });
  return z.NEVER;
});

/** The id of a token: a `jti` that Titan takes, or the hash of a token without one. */
export const tokenIdSchema: z.ZodType<string> = z.string().refine(isTokenId);

/** The body of a request to add a user. */
export const newUserSchema: z.ZodType<NewUser> = z.object({
  id: userId,
  name: z.exactOptional(name),
  email: z.exactOptional(emailSchema),
});

/** The body of a request to change a user: a name, a picture or both; null takes one away. */
export const profileChangeSchema: z.ZodType<ProfileChange> = z.object({
  name: z.exactOptional(name.nullable()),
  picture: z.exactOptional(picture.nullable()),
}).refine((change) => Object.keys(change).length > 0);

/** The body of a request to refuse tokens. */
export const revocationSchema: z.ZodType<RevocationRequest> = z.union([
  z.strictObject({ user: userId }),
  z.strictObject({ token: tokenIdSchema, until: z.int().min(0).max(DATE_MS_MAX) }),
]);

/** The query of a request for a page. */
export const pageQuerySchema: z.ZodType<{ after: string; limit: number }> = z.object({
  after: z.string(),
  limit: z.coerce.number().int().min(1).max(USER_PAGE_MAX),
});

/** The query of a request for the users with an e-mail address. */
export const emailQuerySchema: z.ZodType<{ email: string }> = z.object({ email: emailSchema });

/** The query of a request for one device, with ids in their normal form. */
export const deviceQuerySchema: z.ZodType<{ user: string; device: string }> = z.object({
  user: userId,
  device: deviceId,
});

/** The query of a request for a trial; `ms` is how long to wait for the device. */
export const trialQuerySchema: z.ZodType<{ user: string; device: string; ms: number }> = z.object({
  user: userId,
  device: deviceId,
  ms: z.coerce.number().int().min(1).max(TRIAL_MS_MAX),
});

/** The query of a request for a page of an export. */
export const exportQuerySchema: z.ZodType<{ user: string; after?: ExportPlace }> = z.object({
  user: userId,
  after: z.exactOptional(exportPlace),
});

/** The answer with one user. */
export const userSchema: z.ZodType<User> = z.object({
  id: z.string(),
  registered: z.number(),
  email: z.exactOptional(z.string()),
  name: z.exactOptional(z.string()),
  picture: z.exactOptional(z.string()),
});

/** The answer with users. */
export const usersSchema: z.ZodType<User[]> = z.array(userSchema);

/** The answer with a page. */
export const userPageSchema: z.ZodType<UserPage> = z.object({
  users: usersSchema,
  next: z.string().nullable(),
});

const provider = z.enum(["fcm", "apns", "web"]);

/** What is told of a device whoever asks. */
const device = {
  id: z.string(),
  platform: z.exactOptional(z.string()),
  name: z.exactOptional(z.string()),
  seen: z.number(),
};

/** The answer with a report. */
export const userReportSchema: z.ZodType<UserReport> = z.object({
  user: userSchema,
  devices: z.array(z.object({
    ...device,
    push: z.exactOptional(provider),
    session: z.exactOptional(z.number()),
    cursor: z.number().nullable(),
    online: z.boolean(),
  })),
  waiting: z.object({ messages: z.number(), bytes: z.number() }),
});

const pushAddress = z.object({
  provider,
  token: z.string(),
  keys: z.exactOptional(z.object({ p256dh: z.string(), auth: z.string() })),
  topic: z.exactOptional(z.string()),
  registered: z.number(),
});

/** The answer with a page of an export. */
export const exportPageSchema: z.ZodType<ExportPage> = z.object({
  user: z.exactOptional(userSchema),
  devices: z.exactOptional(
    z.array(z.object({ user: z.string(), ...device, push: z.exactOptional(pushAddress) })),
  ),
  messages: z.array(z.object({
    id: z.string(),
    kind: z.enum(["message", "receipt"]),
    from: z.string(),
    to: z.string(),
    time: z.number(),
    expires: z.number(),
    body: z.string(),
    setAside: z.exactOptional(z.object({ device: z.string() })),
  })),
  next: exportPlace.nullable(),
});

const count = z.int().min(0);

const counts: z.ZodType<PushFigures> = z.object({
  owed: count,
  sent: count,
  accepted: count,
  retried: count,
  rejected: count,
  unregistered: count,
  misconfigured: count,
  seen: count,
  cancelled: count,
  overflowed: count,
  waiting: count,
  inFlight: count,
});

const sender = z.enum(["fcm", "apns", "web", "log"]);

/** The answer with how the server is. */
export const statusSchema: z.ZodType<ServerStatus> = z.object({
  version: z.string(),
  url: z.string(),
  store: z.enum(["kv", "shared", "memory"]),
  ready: z.number(),
  providers: z.object({ fcm: sender, apns: sender, web: sender }),
  pushes: counts,
});

const outcome: z.ZodType<PushOutcome> = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("accepted"), id: z.exactOptional(z.string()) }),
  z.object({ kind: z.literal("unregistered"), since: z.exactOptional(z.number()) }),
  z.object({ kind: z.literal("rejected"), reason: z.string() }),
  z.object({
    kind: z.literal("retry"),
    reason: z.string(),
    afterMs: z.exactOptional(z.number()),
    deviceOnly: z.exactOptional(z.literal(true)),
  }),
  z.object({ kind: z.literal("misconfigured"), reason: z.string() }),
]);

const ok = z.boolean();

/** One line of the answer with a trial. */
export const trialStepSchema: z.ZodType<PushTrialStep> = z.discriminatedUnion("step", [
  z.object({ step: z.literal("device"), ok }),
  z.object({
    step: z.literal("address"),
    ok,
    provider: z.exactOptional(provider),
    registered: z.exactOptional(z.number()),
  }),
  z.object({ step: z.literal("provider"), ok, name: z.exactOptional(sender) }),
  z.object({ step: z.literal("outcome"), ok, outcome }),
  z.object({ step: z.literal("answer"), ok, ms: z.number() }),
]);

/** Whether a text is a user id in its normal form that somebody may have. */
export function isUserId(text: string): boolean {
  return parseUserId(text) === text && text !== ECHO_USER;
}
