/**
 * Where a file stands in the tree, as the rules of the house see it.
 *
 * @module
 */

const ROOT = decodeURIComponent(new URL("../", import.meta.url).pathname);

/**
 * The path of a file from the root of the repository.
 *
 * @param filename an absolute path, a `file:` URL, or a path from the root already
 */
export function placeOf(filename: string): string {
  const path = filename.startsWith("file:")
    ? decodeURIComponent(new URL(filename).pathname)
    : filename;
  return path.startsWith(ROOT) ? path.slice(ROOT.length) : path.replace(/^\.\//, "");
}

/** Whether a file is no part of what runs in production: tests, fakes, benchmarks, tools. */
export function isFree(place: string): boolean {
  return /^(tests|bench|tools)\/|(^|\/)contract\//.test(place) ||
    /_(test|bench|contract)\.ts$|(^|\/)fake_\w+\.ts$/.test(place);
}
