/**
 * The lint rule `layers`: who may import whom. ARCHITECTURE.md has the same table in words.
 *
 * @module
 */
import { isFree, placeOf } from "./tidy_place.ts";

/** What one layer may import from the others, by the name of their folder. */
export interface Layer {
  /** Layers whose code it may use. */
  readonly uses: readonly string[];
  /** Layers of which it may only know the types. */
  readonly knows: readonly string[];
}

/** Folders, and `main.ts`, from the outside in. */
export const LAYERS: ReadonlyMap<string, Layer> = new Map([
  ["main.ts", { uses: ["server", "store", "push"], knows: [] }],
  ["server", { uses: ["rpc", "store", "push"], knows: [] }],
  ["rpc", { uses: [], knows: ["store"] }],
  ["store", { uses: [], knows: [] }],
  ["push", { uses: [], knows: [] }],
  ["client", { uses: [], knows: ["rpc"] }],
  ["release", { uses: ["server"], knows: [] }],
]);

/** Files of the root that belong to no layer, and who may import them. */
const ROOT_FILES: ReadonlyMap<string, readonly string[]> = new Map([
  ["limits.ts", [...LAYERS.keys()]],
  ["deno.json", ["main.ts", "server", "release"]],
]);

/** Reports an import that goes against the direction of the layers, or past a `mod.ts`. */
export const layers: Deno.lint.Rule = {
  create(context) {
    const from = placeOf(context.filename);
    if (isFree(from)) return {};

    function check(node: Deno.lint.Node, specifier: string, typeOnly: boolean): void {
      if (!/^\.{0,2}\//.test(specifier)) return;
      const to = decodeURIComponent(new URL(specifier, `file:///${from}`).pathname).slice(1);
      const message = trespass(from, to, typeOnly);
      if (message !== null) context.report({ node, message });
    }

    return {
      ImportDeclaration(node) {
        check(node, node.source.value, node.importKind === "type");
      },
      ExportNamedDeclaration(node) {
        if (node.source !== null) check(node, node.source.value, node.exportKind === "type");
      },
      ExportAllDeclaration(node) {
        check(node, node.source.value, node.exportKind === "type");
      },
      ImportExpression(node) {
        const { source } = node;
        if (source.type === "Literal" && typeof source.value === "string") {
          check(node, source.value, false);
        }
      },
      TSImportType(node) {
        const { argument } = node;
        if (argument.type === "TSLiteralType" && argument.literal.type === "Literal") {
          check(node, String(argument.literal.value), true);
        }
      },
    };
  },
};

/** Says what is wrong with an import between two places, or null where nothing is. */
function trespass(from: string, to: string, typeOnly: boolean): string | null {
  if (isFree(to)) return `Source imports "${to}": it must not depend on tests, benches or tools`;
  const [source, target] = [areaOf(from), areaOf(to)];
  const users = ROOT_FILES.get(to);
  if (users !== undefined) {
    return users.includes(source) ? null : `"${source}" must not import "${to}"`;
  }
  if (source === target) return entersByDoor(from, to);
  const layer = LAYERS.get(source);
  if (layer === undefined) return `"${source}" is not a layer: it must not import "${to}"`;
  if (!layer.uses.includes(target) && !layer.knows.includes(target)) {
    return `"${source}" must not import "${target}"`;
  }
  if (!layer.uses.includes(target) && !typeOnly) {
    return `"${source}" may know only types of "${target}": use "import type"`;
  }
  return entersByDoor(from, to);
}

/** A file may use its own folder and those above it; any other is entered through its `mod.ts`. */
function entersByDoor(from: string, to: string): string | null {
  const folder = to.slice(0, to.lastIndexOf("/") + 1);
  const atHome = folder !== "" && from.startsWith(folder);
  return atHome || to.endsWith("/mod.ts")
    ? null
    : `Import "${folder}mod.ts" instead of "${to}": a folder is entered through its mod.ts`;
}

function areaOf(place: string): string {
  return place.split("/", 1)[0] ?? place;
}
