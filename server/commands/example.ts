/**
 * Examples in the help of commands.
 *
 * @module
 */

/** What stands at the end of the help. @param lines that somebody could type */
export function example(...lines: readonly string[]): string {
  return `\nExample:\n${lines.map((line) => `  ${line}`).join("\n")}`;
}
