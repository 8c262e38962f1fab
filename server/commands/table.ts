/**
 * Tables and sizes for a terminal.
 *
 * @module
 */
import { printableLine } from "./printable.ts";

/** Blanks between two columns. */
const GAP = "  ";

/** Lines with columns of equal width; the first row is the heading. */
export function tableLines(rows: readonly (readonly string[])[]): string[] {
  const cells = rows.map((row) => row.map(printableLine));
  const widths: number[] = [];
  for (const row of cells) {
    for (const [column, cell] of row.entries()) {
      widths[column] = Math.max(widths[column] ?? 0, widthOf(cell));
    }
  }
  return cells.map((row) =>
    row.map((cell, column) => cell + " ".repeat((widths[column] ?? 0) - widthOf(cell)))
      .join(GAP).trimEnd()
  );
}

/** A size as people write it. */
export function sizeOf(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 ** 2) return `${(bytes / 1024).toFixed(1)} KiB`;
  return `${(bytes / 1024 ** 2).toFixed(1)} MiB`;
}

/** Characters as they are seen; wide ones count once, so their columns may be a bit off. */
function widthOf(text: string): number {
  return Array.from(text).length;
}
