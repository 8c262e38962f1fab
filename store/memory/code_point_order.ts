/**
 * The order of ids.
 *
 * @module
 */

/**
 * Compares two strings by code point, as their UTF-8 bytes do. `<` compares UTF-16 units, in which
 * U+1F600 comes before U+FF5E.
 *
 * @returns below, at or above zero, for `Array.sort`
 */
export function byCodePoint(a: string, b: string): number {
  const left = a[Symbol.iterator]();
  const right = b[Symbol.iterator]();
  while (true) {
    const x = left.next().value?.codePointAt(0) ?? -1;
    const y = right.next().value?.codePointAt(0) ?? -1;
    if (x !== y || x === -1) return x - y;
  }
}
