/**
 * The habits of the house that `deno lint` has no rule for, as a plugin of `deno lint`. Each rule
 * says in its comment what it reports; `tidy_lint_test.ts` plants a fault for each.
 *
 * @module
 */
import { ambient } from "./tidy_ambient.ts";
import { layers } from "./tidy_layers.ts";
import { moduleState } from "./tidy_module_state.ts";
import { isFree, placeOf } from "./tidy_place.ts";

/** Lines of one function: what fits on a screen. */
const FUNCTION_LINES_MAX = 50;

/** Reports functions of source files that are longer than a screen. */
const functionLength: Deno.lint.Rule = {
  create(context) {
    if (isFree(placeOf(context.filename))) return {};

    function check(node: Deno.lint.Node): void {
      const lines = context.sourceCode.getText(node).split("\n").length;
      if (lines <= FUNCTION_LINES_MAX) return;
      const message = `Function has ${lines} lines: at most ${FUNCTION_LINES_MAX} are allowed`;
      context.report({ node, message });
    }

    return {
      ArrowFunctionExpression: check,
      FunctionDeclaration: check,
      FunctionExpression: check,
    };
  },
};

/** Reports `await` while a module loads, except where the program starts. */
const topLevelAwait: Deno.lint.Rule = {
  create(context) {
    const place = placeOf(context.filename);
    if (isFree(place) || place === "main.ts") return {};

    function check(node: Deno.lint.Node): void {
      const ancestors = context.sourceCode.getAncestors(node);
      if (ancestors.some(({ type }) => /Function/.test(type))) return;
      context.report({ node, message: "A module awaits while it loads: only main.ts may" });
    }

    return {
      AwaitExpression: check,
      ForOfStatement(node) {
        if (node.await) check(node);
      },
      VariableDeclaration(node) {
        if (node.kind === "await using") check(node);
      },
    };
  },
};

/**
 * Reports messages of errors that are not sentences of the house: they start upper case and end
 * without a period. A text without a space is a code, not a message.
 */
const errorMessage: Deno.lint.Rule = {
  create(context) {
    if (isFree(placeOf(context.filename))) return {};

    function check(values: readonly Deno.lint.Node[]): void {
      for (const node of values) {
        const message = faultOf(textOf(node));
        if (message !== null) context.report({ node, message });
      }
    }

    return {
      NewExpression(node) {
        if (isErrorName(node.callee)) check(node.arguments);
      },
      CallExpression(node) {
        if (node.callee.type !== "Super") return;
        const owner = context.sourceCode.getAncestors(node)
          .findLast((ancestor) => ancestor.type === "ClassDeclaration");
        if (owner?.superClass && isErrorName(owner.superClass)) check(node.arguments);
      },
    };
  },
};

function isErrorName(callee: Deno.lint.Node): boolean {
  const name = callee.type === "MemberExpression" ? callee.property : callee;
  return name.type === "Identifier" && name.name.endsWith("Error");
}

/** The literal text of an argument, with `0` for what a template puts in; null for other values. */
function textOf(node: Deno.lint.Node): string | null {
  if (node.type === "TemplateLiteral") return node.quasis.map(({ cooked }) => cooked).join("0");
  return node.type === "Literal" && typeof node.value === "string" ? node.value : null;
}

function faultOf(text: string | null): string | null {
  if (text === null || !text.includes(" ")) return null;
  if (/^\p{Ll}/u.test(text)) return "Error message starts lower case";
  return text.endsWith(".") ? "Error message ends with a period" : null;
}

/** Where keys of Deno KV are built. */
const KEY_CATALOGUES: readonly string[] = ["store/kv/keys.ts", "store/kv/shared/shared_keys.ts"];

/** Reports keys of Deno KV that are built outside the catalogues. */
const kvKeys: Deno.lint.Rule = {
  create(context) {
    const place = placeOf(context.filename);
    if (isFree(place) || KEY_CATALOGUES.includes(place)) return {};

    function check(node: Deno.lint.Node | undefined): void {
      if (node?.type !== "ArrayExpression") return;
      context.report({ node, message: "KV key is built here: build it in store/kv/keys.ts" });
    }

    return {
      CallExpression({ callee, arguments: [first] }) {
        if (callee.type !== "MemberExpression" || callee.property.type !== "Identifier") return;
        const method = callee.property.name;
        if (/^(get|set|delete|sum|min|max)$/.test(method)) check(first);
        if (/^(getMany|watch)$/.test(method) && first?.type === "ArrayExpression") {
          first.elements.forEach((element) => check(element ?? undefined));
        }
      },
      Property({ key, value, parent }) {
        if (parent.type !== "ObjectExpression" || key.type !== "Identifier") return;
        if (/^(key|prefix|start|end)$/.test(key.name)) check(value);
        if (key.name === "keysIfUndelivered" && value.type === "ArrayExpression") {
          value.elements.forEach((element) => check(element ?? undefined));
        }
      },
    };
  },
};

/** Reports words of the language that the house does without. */
const words: Deno.lint.Rule = {
  create(context) {
    const report = (node: Deno.lint.Node, message: string) => context.report({ node, message });
    const checkMember = (node: Deno.lint.PropertyDefinition | Deno.lint.MethodDefinition) => {
      // A constructor has no "#" form.
      const isConstructor = node.type === "MethodDefinition" && node.kind === "constructor";
      if (node.accessibility === undefined || isConstructor) return;
      report(node, `Member is "${node.accessibility}": use a "#" name, or no word at all`);
    };
    return {
      ExportDefaultDeclaration(node) {
        // `deno lint` wants its plugins as default exports.
        if (placeOf(context.filename) === "tools/tidy_lint.ts") return;
        report(node, "Export has no name: default exports are not used");
      },
      TSEnumDeclaration(node) {
        report(node, "Enum is declared: use a table with `as const`");
      },
      TSInterfaceDeclaration(node) {
        if (/^I[A-Z][a-z]/.test(node.id.name)) report(node, "Interface starts with I: drop it");
      },
      PropertyDefinition: checkMember,
      MethodDefinition: checkMember,
    };
  },
};

/** All rules; `deno.json` names this file. */
const plugin: Deno.lint.Plugin = {
  name: "tidy",
  rules: {
    ambient,
    "error-message": errorMessage,
    "function-length": functionLength,
    "kv-keys": kvKeys,
    layers,
    "module-state": moduleState,
    "no-top-level-await": topLevelAwait,
    words,
  },
};

export default plugin;
