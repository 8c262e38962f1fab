/**
 * Objects without the members that have no value.
 *
 * @module
 */

/** A type whose members that may be undefined may be missing instead, and are never undefined. */
export type DefinedMembers<T> =
  & { [K in keyof T as undefined extends T[K] ? never : K]: T[K] }
  & { [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined> };

/**
 * Leaves out the members that are undefined: to whoever reads a value, a member that is there and
 * undefined is another thing than one that is missing.
 *
 * @param members an object whose names are known, and not what a client sent
 */
export function definedMembers<T extends object>(members: T): DefinedMembers<T> {
  const entries = Object.entries(members).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as DefinedMembers<T>;
}
