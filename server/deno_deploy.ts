/**
 * What is different on Deno Deploy: no files that stay, one database for several isolates, and a
 * listener whose address the host chooses.
 *
 * @module
 */

/** Answers the value of a variable of the environment, or undefined where it is not set. */
export type Environment = (name: string) => string | undefined;

/** What the host sets, any of them (docs.deno.com, "Predefined environment variables"). */
const MARKS = ["DENO_DEPLOY", "DENO_DEPLOYMENT_ID"] as const;

/** What variables default to there; the address is the default of `Deno.serve`. */
const DEFAULTS: ReadonlyMap<string, string> = new Map([
  ["TITAN_STORE", "shared"],
  ["TITAN_HOST", "0.0.0.0"],
  ["PORT", "8000"],
]);

/** Whether the program runs on Deno Deploy. */
export function isDenoDeploy(env: Environment): boolean {
  return MARKS.some((name) => (env(name) ?? "") !== "");
}

/** The environment with the defaults of Deno Deploy, where the program runs there. */
export function withDeployDefaults(env: Environment): Environment {
  if (!isDenoDeploy(env)) return env;
  return (name) => env(name) || DEFAULTS.get(name);
}
