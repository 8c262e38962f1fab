/**
 * Writes the description of all methods and errors as an OpenRPC 1.3 document.
 *
 * OpenRPC describes params one by one, which cannot say that a method takes a list of any length
 * or one of two forms. Therefore every method has the whole schema of its params in `x-params`
 * beside what OpenRPC can say. `x-direction` tells who calls it, `x-access` who may.
 *
 * @module
 */
import type { JsonSchema } from "./json_schema.ts";
import type { Method, MethodDescription } from "./method.ts";
import { RPC_ERRORS } from "./rpc_error.ts";
import { describeServerMethods } from "./server_methods.ts";
import type { Services } from "./session.ts";

/** Who calls a method. */
export type Direction = "client-to-server" | "server-to-client" | "both";

/** One method of the document: an OpenRPC Method Object. */
export interface OpenRpcMethod extends JsonSchema {
  readonly name: string;
  readonly summary: string;
  readonly params: readonly JsonSchema[];
  readonly "x-direction": Direction;
}

/** The document. */
export interface OpenRpcDocument {
  readonly openrpc: string;
  readonly info: { readonly title: string; readonly version: string };
  /** What browsers subscribe with (`applicationServerKey`), where there are pushes for them. */
  readonly "x-vapid-public-key"?: string;
  readonly methods: readonly OpenRpcMethod[];
  readonly components: { readonly errors: JsonSchema };
}

const OPENRPC_VERSION = "1.3.2";

/**
 * Makes the document.
 *
 * @param methods what clients can call
 * @param server what the document says of the server
 */
export function openRpcDocument(
  methods: Iterable<Method>,
  { version, vapidPublic }: Pick<Services, "version" | "vapidPublic">,
): OpenRpcDocument {
  const ours = new Map([...methods].map((method) => [method.name, method]));
  const theirs = new Map(describeServerMethods().map((method) => [method.name, method]));
  return {
    openrpc: OPENRPC_VERSION,
    info: { title: "Titan", version },
    ...(vapidPublic === undefined ? {} : { "x-vapid-public-key": vapidPublic }),
    methods: [
      ...ours.values().map((method) => ({
        ...describe(method.describe(), theirs.has(method.name) ? "both" : "client-to-server"),
        "x-access": method.access,
      })),
      ...theirs.values().filter(({ name }) => !ours.has(name))
        .map((method) => describe(method, "server-to-client")),
    ],
    components: { errors: describeErrors() },
  };
}

function describe(method: MethodDescription, direction: Direction): OpenRpcMethod {
  const { name, summary, params, result } = method;
  return {
    name,
    summary,
    ...describeParams(params),
    ...(result === undefined ? {} : { result: { name: "result", schema: result } }),
    "x-direction": direction,
    "x-params": params,
  };
}

/** The by-name form where there is one, otherwise the items of a list. */
function describeParams(schema: JsonSchema) {
  const forms = Array.isArray(schema.anyOf) ? schema.anyOf : [schema];
  const byName = forms.find(({ type }) => type === "object");
  if (byName !== undefined) {
    const required = new Set<string>(byName.required ?? []);
    const params = Object.entries(byName.properties ?? {}).map(([name, property]) => ({
      name,
      required: required.has(name),
      schema: property,
    }));
    return { paramStructure: "by-name", params };
  }
  const list = forms.find(({ type }) => type === "array");
  if (list === undefined) return { params: [] };
  const params = [{ name: "items", summary: "One or more of these", schema: list.items }];
  return { paramStructure: "by-position", params };
}

function describeErrors(): JsonSchema {
  return Object.fromEntries(
    Object.entries(RPC_ERRORS).map(([name, { code, message, retryable }]) => [
      name,
      { code, message, data: { name, retryable } },
    ]),
  );
}
