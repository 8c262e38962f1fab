/**
 * Turns what a schema found wrong into an error for the wire: the place and the limit, and never
 * the value. The schemas of params hold no records, since their keys would be named too.
 *
 * @module
 */
import type { z } from "zod";
import { RpcError, type RpcErrorDetails, type RpcErrorName } from "./rpc_error.ts";

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

/**
 * How params are parsed: without the library's words for what is wrong. Some of them repeat what
 * was sent, and they are made from it: what calls itself an object of a class has to have a name.
 */
export const WORDLESS: z.core.ParseContext<z.core.$ZodIssue> = { error: () => "is not valid" };

/** What a schema's own check says about a value it refuses. */
export interface Refusal {
  /** After the name of the field, as in "must be ...". It must not hold the value. */
  readonly detail: string;
  /** The limit that was passed. */
  readonly limit?: number;
  /** @default {"invalid_params"} */
  readonly error?: RpcErrorName;
}

/**
 * Makes a check for `z.string().check(...)` of a function that answers what is wrong.
 *
 * @param judge answers the value to go on with, or why it is refused
 */
export function stringCheck(
  judge: (value: string) => string | Refusal,
): (payload: z.core.ParsePayload<string>) => void {
  return (payload) => {
    const judged = judge(payload.value);
    if (typeof judged === "string") payload.value = judged;
    else {
      payload.issues.push({
        code: "custom",
        // Not the value: whoever prints the issue prints it too.
        input: undefined,
        message: judged.detail,
        params: { ...judged },
      });
    }
  };
}

/**
 * Tells the first thing that is wrong with params.
 *
 * @param error what the schema found
 * @param prefix the path from the params to what the schema was applied to
 * @returns an error, most often `invalid_params`, that names the field and the limit
 */
export function invalidParams(error: z.ZodError, prefix: Path = []): RpcError {
  const { issue, path } = first(error.issues, prefix);
  const field = fieldOf(path);
  const { error: key = "invalid_params", detail, ...rest } = refusalOf(issue);
  const [index] = path;
  const details: RpcErrorDetails = {
    detail: `${field} ${detail}`,
    field,
    ...rest,
    ...(typeof index === "number" ? { index } : {}),
  };
  return new RpcError(key, details);
}

/** The issue to tell: of the forms a union offers, the one that the params resemble most. */
function first(issues: readonly Issue[], prefix: Path): Found {
  const issue = leading(issues);
  const path = [...prefix, ...(issue?.path ?? [])];
  if (issue?.code !== "invalid_union") return { issue, path };
  const found = issue.errors.filter((branch) => branch.length > 0)
    .map((branch) => first(branch, path));
  // A form that got deeper into the params before it gave up fits better; of those that got as far
  // the one whose type it was.
  const best = found.reduce(
    (best, next) => fitOf(next) > fitOf(best) ? next : best,
    found[0] ?? { issue, path },
  );
  return { ...best, issue: withTypes(best.issue, found.filter((it) => fitOf(it) === fitOf(best))) };
}

/**
 * The first issue. Where a number is past all whole numbers the library says that first, and then
 * which limit of the field it is past.
 */
function leading([issue, next]: readonly Issue[]): Issue | undefined {
  if (issue?.code !== "too_big" && issue?.code !== "too_small") return issue;
  if (issue.origin !== "int" || next?.code !== issue.code) return issue;
  return fieldOf(next.path) === fieldOf(issue.path) ? next : issue;
}

interface Found {
  readonly issue: Issue | undefined;
  readonly path: Path;
}

/** How well a form of a union fits, by where it gave up and over what. */
function fitOf({ issue, path }: Found): number {
  return path.length * 2 + (issue?.code === "invalid_type" ? 0 : 1);
}

/** Of forms that take values of other types, the types of all. */
function withTypes(issue: Issue | undefined, forms: readonly Found[]): Issue | undefined {
  if (issue?.code !== "invalid_type") return issue;
  const types = forms.map(({ issue }) => issue?.code === "invalid_type" ? typeOf(issue) : "");
  return { ...issue, expected: [...new Set(types)].join(" or ") };
}

function fieldOf(path: Path): string {
  return path.reduce<string>(
    (field, key) => typeof key === "number" ? `${field}[${key}]` : `${field}.${String(key)}`,
    "params",
  );
}

/** Words for an issue, in the place of the library's own: see {@linkcode WORDLESS}. */
function refusalOf(issue: Issue | undefined): Refusal {
  switch (issue?.code) {
    case "invalid_type":
      return { detail: `must be of type ${typeOf(issue)}` };
    case "too_small":
      return { detail: `must be at least ${issue.minimum}${unitOf(issue.origin)}` };
    case "too_big": {
      const limit = Number(issue.maximum);
      return { detail: `must be at most ${limit}${unitOf(issue.origin)}`, limit };
    }
    case "invalid_format":
      return { detail: `must be a valid ${issue.format}` };
    case "invalid_value":
      return { detail: `must be one of ${listed(issue.values)}` };
    case "invalid_union":
      // The word by which the forms are told apart is none of theirs.
      if (!("options" in issue) || issue.options === undefined) break;
      return { detail: `must be one of ${listed(issue.options)}` };
    case "custom":
      return { detail: issue.message, ...issue.params };
  }
  return { detail: "is not valid" };
}

/** JSON knows arrays, whatever they hold. */
function typeOf({ expected }: { readonly expected: string }): string {
  return expected === "tuple" ? "array" : expected;
}

function listed(values: readonly unknown[]): string {
  return values.map((value) => `"${String(value)}"`).join(", ");
}

function unitOf(origin: string): string {
  switch (origin) {
    case "string":
      return " characters long";
    case "array":
      return " items long";
    default:
      return "";
  }
}
