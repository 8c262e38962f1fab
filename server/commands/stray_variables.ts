/**
 * Variables that were meant for Titan and mean nothing to it.
 *
 * @module
 */
import { type UnknownVariable, unknownVariables } from "../config.ts";

/** Variables that only some commands read, and no configuration. */
const OTHER_VARIABLES: readonly string[] = ["TITAN_TOKEN"];

/** Finds misspelt variables. @param names the names of all variables of the environment */
export function strayVariables(names: Iterable<string>): readonly UnknownVariable[] {
  return unknownVariables(names).filter(({ name }) => !OTHER_VARIABLES.includes(name));
}
