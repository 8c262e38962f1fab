/**
 * What the operator's socket answers to each request of `operator_protocol.ts`.
 *
 * @module
 */
import type { z } from "zod";
import { exportPlaceText } from "../rpc/mod.ts";
import {
  deviceQuerySchema,
  DEVICES_PATH,
  emailQuerySchema,
  EXPORT_PATH,
  exportQuerySchema,
  isUserId,
  newUserSchema,
  pageQuerySchema,
  profileChangeSchema,
  PUSH_TRIALS_PATH,
  REVOCATIONS_PATH,
  revocationSchema,
  STATUS_PATH,
  TRACES_PATH,
  trialQuerySchema,
  USER_PATH_HEAD,
  USERS_PATH,
} from "./operator_protocol.ts";
import type { PushTrialStep } from "./push/mod.ts";
import type { ServerAdmin } from "./server_admin.ts";
import { traceQuerySchema } from "./trace_schema.ts";
import type { UserAdmin } from "./user_admin.ts";

/** A request that cannot be served. The message is for the other end. */
export class OperatorRefusal extends Error {
  /** The name of the class. */
  override readonly name = "OperatorRefusal";
  /** The status of the answer. */
  readonly status: number;

  /** Makes the refusal for a status. */
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** A request, as far as it matters here. */
export interface OperatorRequest {
  readonly method: string;
  readonly url: URL;
  /** Reads the body. @throws {OperatorRefusal} it is not JSON, or too long. */
  json(): Promise<unknown>;
  /** Aborts when nobody can be answered any more. */
  readonly ending: AbortSignal;
  /** Tells of what goes wrong once the answer has begun. */
  report(error: unknown): void;
}

/** What can be asked for. */
export interface Operated {
  readonly users: UserAdmin;
  readonly server: ServerAdmin;
}

type Route = (request: OperatorRequest, operated: Operated) => Promise<Response>;

/** By method and path; the path of one user is `USER_PATH_HEAD`. */
const ROUTES: ReadonlyMap<string, Route> = new Map<string, Route>([
  [`GET ${USERS_PATH}`, findUsers],
  [`POST ${USERS_PATH}`, addUser],
  [`GET ${USER_PATH_HEAD}`, showUser],
  [`PATCH ${USER_PATH_HEAD}`, updateUser],
  [`DELETE ${USER_PATH_HEAD}`, removeUser],
  [`DELETE ${DEVICES_PATH}`, removeDevice],
  [`GET ${EXPORT_PATH}`, exportUser],
  [`POST ${REVOCATIONS_PATH}`, revoke],
  [`GET ${STATUS_PATH}`, showStatus],
  [`POST ${PUSH_TRIALS_PATH}`, tryPush],
  [`GET ${TRACES_PATH}`, showTrace],
]);

/**
 * Answers a request.
 *
 * @throws {OperatorRefusal} it asks for what there is not, or in a wrong way. Errors of what
 * is asked for go through.
 */
export async function answerOperator(
  request: OperatorRequest,
  operated: Operated,
): Promise<Response> {
  const { method, url: { pathname } } = request;
  const path = pathname.startsWith(USER_PATH_HEAD) ? USER_PATH_HEAD : pathname;
  const route = ROUTES.get(`${method} ${path}`);
  if (route === undefined) throw new OperatorRefusal(501, "No such request");
  return await route(request, operated);
}

async function findUsers(request: OperatorRequest, { users }: Operated): Promise<Response> {
  if (request.url.searchParams.has("email")) {
    const { email } = queryOf(request, emailQuerySchema, "Query holds no e-mail address");
    return Response.json(await users.withEmail(email));
  }
  const { after, limit } = queryOf(request, pageQuerySchema, "Query is not one for a page");
  return Response.json(await users.list(after, limit));
}

async function addUser(request: OperatorRequest, { users }: Operated): Promise<Response> {
  const added = await users.add(await bodyOf(request, newUserSchema, "Body is not a user"));
  if (added === null) throw new OperatorRefusal(409, "Id is taken");
  return Response.json(added, { status: 201 });
}

async function showUser(request: OperatorRequest, { users }: Operated): Promise<Response> {
  return foundUser(await users.show(idOf(request)));
}

async function updateUser(request: OperatorRequest, { users }: Operated): Promise<Response> {
  const id = idOf(request);
  const change = await bodyOf(request, profileChangeSchema, "Body changes nothing of a user");
  return foundUser(await users.update(id, change));
}

async function removeUser(request: OperatorRequest, { users }: Operated): Promise<Response> {
  if (!await users.remove(idOf(request))) throw new OperatorRefusal(404, "No such user");
  return done();
}

async function removeDevice(request: OperatorRequest, { users }: Operated): Promise<Response> {
  const { user, device } = queryOf(request, deviceQuerySchema, "Query names no device");
  if (!await users.removeDevice(user, device)) throw new OperatorRefusal(404, "No such device");
  return done();
}

async function exportUser(request: OperatorRequest, { users }: Operated): Promise<Response> {
  const { user, after } = queryOf(request, exportQuerySchema, "Query names no page of a user");
  const page = await users.export(user, after ?? null);
  return foundUser(page && { ...page, next: page.next && exportPlaceText(page.next) });
}

async function revoke(request: OperatorRequest, { users }: Operated): Promise<Response> {
  const what = await bodyOf(request, revocationSchema, "Body names no tokens");
  if ("user" in what) await users.logout(what.user);
  else await users.revokeToken(what.token, what.until);
  return done();
}

async function showStatus(_request: OperatorRequest, { server }: Operated): Promise<Response> {
  return Response.json(await server.status());
}

async function showTrace(request: OperatorRequest, { server }: Operated): Promise<Response> {
  const { id } = queryOf(request, traceQuerySchema, "Query holds no id of a message");
  const trace = await server.trace(id);
  if (trace === null) throw new OperatorRefusal(404, "No such trace");
  return Response.json(trace);
}

/** Answers the steps as they come: the last may take minutes. */
async function tryPush(request: OperatorRequest, { server }: Operated): Promise<Response> {
  const { user, device, ms } = queryOf(request, trialQuerySchema, "Query names no device");
  const gone = new AbortController();
  const signal = AbortSignal.any([gone.signal, request.ending]);
  const steps = server.testPush(user, device, { ms, signal });
  // What fails at once is still an answer of its own.
  let first: IteratorResult<PushTrialStep> | undefined = await steps.next();
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      try {
        const { done, value } = first ?? await steps.next();
        first = undefined;
        if (done) return controller.close();
        controller.enqueue(encoder.encode(`${JSON.stringify(value)}\n`));
      } catch (error) {
        // A trial without its last step has failed: whoever reads it knows that.
        if (!gone.signal.aborted) request.report(error);
        controller.close();
      }
    },
    cancel: () => gone.abort(),
  }, { highWaterMark: 0 });
  return new Response(body, { headers: { "content-type": "application/x-ndjson" } });
}

/** The user id in the path. @throws {OperatorRefusal} it holds none. */
function idOf({ url: { pathname } }: OperatorRequest): string {
  try {
    const id = decodeURIComponent(pathname.slice(USER_PATH_HEAD.length));
    if (isUserId(id)) return id;
  } catch {
    // It is not even well encoded.
  }
  throw new OperatorRefusal(400, "Path holds no user id");
}

function queryOf<T>({ url }: OperatorRequest, schema: z.ZodType<T>, wrong: string): T {
  return read(Object.fromEntries(url.searchParams), schema, wrong);
}

async function bodyOf<T>(
  request: OperatorRequest,
  schema: z.ZodType<T>,
  wrong: string,
): Promise<T> {
  return read(await request.json(), schema, wrong);
}

function read<T>(value: unknown, schema: z.ZodType<T>, wrong: string): T {
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw new OperatorRefusal(400, wrong);
  return parsed.data;
}

function foundUser(value: object | null): Response {
  if (value === null) throw new OperatorRefusal(404, "No such user");
  return Response.json(value);
}

function done(): Response {
  return new Response(null, { status: 204 });
}
