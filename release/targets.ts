/**
 * What executables can be made for.
 *
 * @module
 */

/** The targets of `deno compile`. */
export const TARGETS = [
  "x86_64-unknown-linux-gnu",
  "aarch64-unknown-linux-gnu",
  "x86_64-pc-windows-msvc",
  "aarch64-pc-windows-msvc",
  "x86_64-apple-darwin",
  "aarch64-apple-darwin",
] as const;

/** A machine and its system, by the name that Rust gives it. */
export type Target = typeof TARGETS[number];

/** What asks for all targets at once. */
export const ALL = "all";

/**
 * Reads the name of a target.
 *
 * @param text one of {@linkcode TARGETS}, or `all`
 * @returns the targets, or null where the text is none
 */
export function readTargets(text: string): readonly Target[] | null {
  if (text === ALL) return TARGETS;
  const target = TARGETS.find((name) => name === text);
  return target === undefined ? null : [target];
}

/** What the name of an executable ends with. */
export function suffixOf(target: Target): ".exe" | "" {
  return isWindows(target) ? ".exe" : "";
}

/** Whether a target runs Windows, which has no shell that could unpack an executable. */
export function isWindows(target: Target): boolean {
  return target.includes("-windows-");
}
