/**
 * Results as people and as programs read them.
 *
 * @module
 */

/** The middle of some numbers, or NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2;
}

/** Rounds to so many digits after the point. */
export function round(value: number, digits = 0): number {
  return Math.round(value * 10 ** digits) / 10 ** digits;
}

/** A count with its thousands apart. */
export function thousands(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

/** Writes a result as one line of JSON; names of fields become `snake_case`. */
export function toJsonLine(result: object): string {
  return JSON.stringify(result, (_, value) => {
    const isRecord = typeof value === "object" && value !== null && !Array.isArray(value);
    return isRecord ? renamed(value, snakeCase) : value;
  });
}

/** Reads a line that {@linkcode toJsonLine} wrote. */
export function fromJsonLine<T extends object>(line: string): T {
  return JSON.parse(line, (_, value) => {
    const isRecord = typeof value === "object" && value !== null && !Array.isArray(value);
    return isRecord ? renamed(value, camelCase) : value;
  });
}

/** Writes a table as Markdown, with columns as wide as what is in them. */
export function markdownTable(
  heads: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): string {
  const cells = [heads, ...rows].map((row) => row.map(String));
  const widths = heads.map((_, column) =>
    Math.max(...cells.map((row) => row[column]?.length ?? 0))
  );
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  const rule = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`;
  const [head = [], ...body] = cells;
  return [line(head), rule, ...body.map(line)].join("\n");
}

function renamed(record: object, rename: (name: string) => string): object {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [rename(name), value]));
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function camelCase(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase());
}
