/**
 * The lint rule `ambient`: time, chance, environment, network and console are reached through
 * parameters. Only the edges of the program touch the real ones, so that a seed can reproduce a
 * run.
 *
 * @module
 */
import { isFree, placeOf } from "./tidy_place.ts";

/** What reaches the world, as it is written. `console.*`: any member. */
const AMBIENT: ReadonlySet<string> = new Set([
  "Date.now",
  "new Date()",
  "Math.random",
  "crypto.getRandomValues",
  "crypto.randomUUID",
  "performance.now",
  "setTimeout",
  "setInterval",
  "setImmediate",
  "fetch",
  "Deno.args",
  "Deno.env",
  "Deno.exit",
  "Deno.openKv",
  "console.*",
]);

/** Imports that would be a way around the list above. A module without names is barred whole. */
const AMBIENT_IMPORTS: ReadonlyMap<string, readonly string[]> = new Map([
  ["node:timers", []],
  ["node:timers/promises", []],
  ["node:process", []],
  ["node:console", []],
  ["node:perf_hooks", []],
  ["node:crypto", ["randomBytes", "randomFillSync", "randomInt", "randomUUID", "webcrypto"]],
]);

/**
 * The edges and what each may touch. A key that ends in a slash is a folder; an empty list lets
 * everything pass.
 */
const EDGES: ReadonlyMap<string, readonly string[]> = new Map([
  ["main.ts", []],
  ["release/", []],
  ["server/clock.ts", [
    "Date.now",
    "performance.now",
    "setTimeout",
    "setImmediate",
    "crypto.getRandomValues",
  ]],
  ["server/commands/", []],
  ["server/log.ts", ["console.*"]],
  ["server/push_worker/worker.ts", ["fetch"]],
  ["store/kv/deno_database.ts", ["Deno.openKv"]],
]);

/** Reports ambient calls outside the edges. */
export const ambient: Deno.lint.Rule = {
  create(context) {
    const place = placeOf(context.filename);
    if (isFree(place)) return {};
    const allowed = allowedIn(place);
    if (allowed?.length === 0) return {};

    // The name in `{ fetch }` is visited as key and as value.
    const reported = new Set<number>();

    function check(node: Deno.lint.Node, name: string): void {
      if (!AMBIENT.has(name) || allowed?.includes(name) || reported.has(node.range[0])) return;
      reported.add(node.range[0]);
      context.report({
        node,
        message: `"${name}" is used outside the edges of the program`,
        hint: "Take a Clock, RandomBytes or a function as a parameter",
      });
    }

    return {
      Identifier(node) {
        if (isReference(node)) check(node, node.name);
      },
      MemberExpression(node) {
        if (node.object.type !== "Identifier") return;
        const [object, property] = [node.object.name, nameOf(node.property)];
        check(node, object === "globalThis" ? property : `${object}.${property}`);
        if (object === "console") check(node, "console.*");
      },
      NewExpression(node) {
        if (isDate(node.callee) && node.arguments.length === 0) check(node, "new Date()");
      },
      CallExpression(node) {
        if (isDate(node.callee)) check(node, "new Date()");
      },
      ImportDeclaration(node) {
        const barred = AMBIENT_IMPORTS.get(node.source.value);
        if (barred === undefined || node.importKind === "type") return;
        const names = node.specifiers.map(importedName);
        if (barred.length > 0 && !names.some((name) => barred.includes(name))) return;
        const message = `Import of "${node.source.value}" goes around the edges of the program`;
        context.report({ node, message });
      },
    };
  },
};

/** What an edge may touch; undefined where the file is none. */
function allowedIn(place: string): readonly string[] | undefined {
  for (const [edge, names] of EDGES) {
    if (place === edge || (edge.endsWith("/") && place.startsWith(edge))) return names;
  }
  return undefined;
}

/** Whether an identifier stands for a value, and not for a property, a declaration or a type. */
function isReference(node: Deno.lint.Identifier): boolean {
  const { parent } = node;
  const is = (other: Deno.lint.Node): boolean => other.range[0] === node.range[0];
  switch (parent.type) {
    case "VariableDeclarator":
      return !is(parent.id);
    case "AssignmentExpression":
    case "AssignmentPattern":
      return !is(parent.left);
    case "Property":
      return parent.parent.type === "ObjectExpression" && is(parent.value);
    case "MemberExpression":
      return is(parent.object);
    case "ArrowFunctionExpression":
      return parent.body !== null && is(parent.body);
    case "ArrayExpression":
    case "CallExpression":
    case "ConditionalExpression":
    case "LogicalExpression":
    case "NewExpression":
    case "ReturnStatement":
      return true;
    default:
      return false;
  }
}

function isDate(callee: Deno.lint.Node): boolean {
  return callee.type === "Identifier" && callee.name === "Date";
}

function nameOf(property: Deno.lint.Node): string {
  if (property.type === "Identifier") return property.name;
  return property.type === "Literal" ? String(property.value) : "";
}

function importedName(specifier: Deno.lint.ImportDeclaration["specifiers"][number]): string {
  if (specifier.type !== "ImportSpecifier") return "";
  const { imported } = specifier;
  return imported.type === "Identifier" ? imported.name : imported.value;
}
