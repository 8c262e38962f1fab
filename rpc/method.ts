/**
 * What a method is. Its schema stands once: it validates the params, gives the handler its types
 * and becomes the OpenRPC document.
 *
 * @module
 */
import { z } from "zod";
import { invalidParams, WORDLESS } from "./invalid_params.ts";
import { type JsonSchema, schemaOf } from "./json_schema.ts";
import { RpcError } from "./rpc_error.ts";
import type { Identity, Services, Session } from "./session.ts";

/** A result that is JSON text already, so that it is not written twice. */
export class JsonText {
  /** Wraps JSON as it goes on the wire. */
  constructor(readonly text: string) {}
}

/** The ancestors' answer to everything that went well. */
export const ACK: JsonText = new JsonText('"ACK"');

/** What a handler answers: a result, at once or later, or its JSON text. */
export type MethodResult<R> = R | JsonText | Promise<R | JsonText>;

/** What a method says of itself. */
export interface MethodDescription {
  /** As it stands on the wire. */
  readonly name: string;
  /** One sentence. */
  readonly summary: string;
  /** What it takes: by name an object, by position an array. */
  readonly params: JsonSchema;
  /** What it answers; a notification has none. */
  readonly result?: JsonSchema;
}

/** A method that clients can call. */
export interface Method {
  /** As it stands on the wire. */
  readonly name: string;
  /** Whether somebody must have signed in. */
  readonly access: "anyone" | "user";
  /** Whether a `token` among its params is its own, and not one that comes with a first request. */
  readonly signsIn: boolean;
  /** Whether a batch may ask for it only once: its answer is far longer than the request. */
  readonly oncePerBatch: boolean;
  /** Describes it for the OpenRPC document. */
  describe(): MethodDescription;
  /**
   * Checks the access and the params, and runs the method.
   *
   * @param params what came from the wire; undefined where nothing came
   * @returns a {@linkcode MethodResult}
   * @throws {RpcError} `unauthenticated`, `invalid_params`, or what the method throws or rejects with
   */
  call(params: unknown, session: Session, services: Services): unknown;
}

/** What {@linkcode defineMethod} makes a method of. */
export interface MethodDefinition<P extends z.ZodType, R extends z.ZodType> {
  /** As it stands on the wire. */
  readonly name: string;
  /** One sentence for the OpenRPC document. */
  readonly summary: string;
  /** Whether somebody must have signed in. */
  readonly access: "anyone" | "user";
  /** Whether a `token` among the params is the method's own. @default {false} */
  readonly signsIn?: boolean;
  /** Whether a batch may ask for it only once. @default {false} */
  readonly oncePerBatch?: boolean;
  /** The schema of what it takes. */
  readonly params: P;
  /** The schema of what it answers. The handler is held to it by its type. */
  readonly result: R;
  /** Does the work. Whatever it throws that is not an {@linkcode RpcError} stays inside. */
  handler(params: z.output<P>, session: Session, services: Services): MethodResult<z.output<R>>;
}

/**
 * Makes a method of its definition.
 *
 * @typeParam P the schema of the params
 * @typeParam R the schema of the result
 * @param definition the schemas, and a handler whose types follow from them
 */
export function defineMethod<P extends z.ZodType, R extends z.ZodType>(
  definition: MethodDefinition<P, R>,
): Method {
  const { name, summary, access, params: schema, result, handler } = definition;
  const { signsIn = false, oncePerBatch = false } = definition;
  // As one function, which takes a third of the time: every message passes here.
  const compiled = z.compile(schema);
  return {
    name,
    access,
    signsIn,
    oncePerBatch,
    describe: () => ({ name, summary, params: schemaOf(schema), result: schemaOf(result) }),
    call(params, session, services) {
      // Before the params are looked at, so that a stranger learns nothing about them.
      if (access === "user") identityOf(session);
      const parsed = compiled.safeParse(params, WORDLESS);
      if (!parsed.success) throw invalidParams(parsed.error);
      return handler(parsed.data, session, services);
    },
  };
}

/**
 * Who a session speaks for.
 *
 * @param session any session
 * @throws {RpcError} `unauthenticated`: nobody has signed in.
 */
export function identityOf(session: Session): Identity {
  if (session.identity === undefined) throw new RpcError("unauthenticated");
  return session.identity;
}
