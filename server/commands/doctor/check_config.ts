/**
 * Whether the environment says what Titan is to do.
 *
 * @module
 */
import { weakSecret } from "../../auth/mod.ts";
import { type Config, ConfigError, VARIABLES } from "../../config.ts";
import { strayVariables } from "../stray_variables.ts";
import { type Finding, ok, warn, wrong } from "./finding.ts";

/** What was found of the configuration. */
export interface ConfigReport {
  /** Undefined where it holds mistakes. */
  readonly config: Config | undefined;
  readonly findings: readonly Finding[];
}

const CHECK = "configuration";

/**
 * Reads the configuration and reports every mistake at once.
 *
 * @param read reads it
 * @param names the names of the variables that are set
 */
export function checkConfig(read: () => Config, names: readonly string[]): ConfigReport {
  const strays = strayVariables(names).map(({ name, nearest }) =>
    warn(CHECK, `${name} means nothing to Titan`, `It may be meant as ${nearest}: else unset it`)
  );
  try {
    const config = read();
    const known = VARIABLES.filter(({ name }) => names.includes(name)).length;
    const said = `${
      known === 1 ? "1 variable is" : `${known} variables are`
    } set, without mistakes`;
    return { config, findings: [ok(CHECK, said), ...secrets(config), ...strays] };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const mistakes = error.problems.map((problem) => wrong(CHECK, problem));
    return { config: undefined, findings: [...mistakes, ...strays] };
  }
}

function secrets({ jwtSecrets = [] }: Config): readonly Finding[] {
  if (!jwtSecrets.some(weakSecret)) return [];
  const text = "TITAN_JWT_SECRET is shorter than 32 bytes: it may be guessed from one token";
  return [warn(CHECK, text, "Take a longer one, or none: Titan makes one then")];
}
