/**
 * The lint rule `module-state`: nothing that lives as long as the module may change, for two
 * servers in one process would share it.
 *
 * @module
 */
import { isFree, placeOf } from "./tidy_place.ts";

/** Methods that change the container they are called on. */
const MUTATORS =
  /^(add|clear|copyWithin|delete|fill|pop|push|reverse|set|shift|sort|splice|unshift)$/;

/**
 * Reports `let` and `var` at the top of a module, static fields that can be assigned, containers at
 * the top of a module that the module changes, and exported maps and sets that others could change.
 */
export const moduleState: Deno.lint.Rule = {
  create(context) {
    if (isFree(placeOf(context.filename))) return {};
    const containers = new Set<string>();
    const changes: { readonly name: string; readonly node: Deno.lint.Node }[] = [];

    function noteChange(node: Deno.lint.Node, target: Deno.lint.Node): void {
      if (target.type !== "MemberExpression" || target.object.type !== "Identifier") return;
      changes.push({ name: target.object.name, node });
    }

    return {
      VariableDeclaration(node) {
        const { parent } = node;
        if (parent.type !== "Program" && parent.type !== "ExportNamedDeclaration") return;
        if (node.kind === "let" || node.kind === "var") {
          context.report({ node, message: `Module has state: "${node.kind}" at its top` });
        }
        for (const declarator of node.declarations) {
          if (!isContainer(declarator.init) || declarator.id.type !== "Identifier") continue;
          containers.add(declarator.id.name);
          if (parent.type === "ExportNamedDeclaration" && isOpen(declarator)) {
            const message = "Module exports a map or set that anybody can change: declare it " +
              "as ReadonlyMap or ReadonlySet";
            context.report({ node, message });
          }
        }
      },
      PropertyDefinition(node) {
        if (!node.static || node.readonly) return;
        context.report({ node, message: "Class has state of its own: make the field readonly" });
      },
      CallExpression(node) {
        const { callee } = node;
        if (callee.type !== "MemberExpression" || callee.property.type !== "Identifier") return;
        if (MUTATORS.test(callee.property.name)) noteChange(node, callee);
      },
      AssignmentExpression(node) {
        noteChange(node, node.left);
      },
      UpdateExpression(node) {
        noteChange(node, node.argument);
      },
      UnaryExpression(node) {
        if (node.operator === "delete") noteChange(node, node.argument);
      },
      "Program:exit"() {
        for (const { name, node } of changes) {
          if (!containers.has(name)) continue;
          context.report({ node, message: `Module has state: "${name}" is changed` });
        }
      },
    };
  },
};

/** Whether a value can be changed in place: a map, a set, an array, an object. */
function isContainer(init: Deno.lint.Expression | null): boolean {
  switch (init?.type) {
    case "ArrayExpression":
    case "ObjectExpression":
      return true;
    case "NewExpression":
      return init.callee.type === "Identifier" &&
        /^(Weak)?(Map|Set)$|Array$/.test(init.callee.name);
    default:
      return false;
  }
}

/** Whether a map or set is declared without a type that keeps others from changing it. */
function isOpen({ id, init }: Deno.lint.VariableDeclarator): boolean {
  if (init?.type !== "NewExpression" || id.type !== "Identifier") return false;
  const type = id.typeAnnotation?.typeAnnotation;
  return !(type?.type === "TSTypeReference" && type.typeName.type === "Identifier" &&
    type.typeName.name.startsWith("Readonly"));
}
