/**
 * How a setting is called in the environment, and how in a file.
 *
 * @module
 */

/** The variable that names a file of settings. */
export const CONFIG_VARIABLE = "TITAN_CONFIG";

/** The variable with a client's token: no part of the configuration. */
export const TOKEN_VARIABLE = "TITAN_TOKEN";

/** What all names of Titan's own begin with, in the environment. */
const PREFIX = "TITAN_";

/** The key in a file that stands for a variable: `TITAN_DATA_DIR` is `data_dir`. */
export function keyOf(variable: string): string {
  const bare = variable.startsWith(PREFIX) ? variable.slice(PREFIX.length) : variable;
  return bare.toLowerCase();
}

/** The variable that names a file with the value of another: `TITAN_JWT_SECRET_FILE`. */
export function fileVariableOf(variable: string): string {
  return `${variable}_FILE`;
}

/** The key in a file that names another file with a value: `jwt_secret_file`. */
export function fileKeyOf(variable: string): string {
  return keyOf(fileVariableOf(variable));
}
