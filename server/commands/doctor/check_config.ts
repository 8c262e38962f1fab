/**
 * Whether environment and file say what Titan is to do.
 *
 * @module
 */
import { weakSecret } from "../../auth/mod.ts";
import { type Config, type Configuration, labelOf } from "../../config.ts";
import { countText } from "../config_command.ts";
import { warningText } from "../warning_text.ts";
import { type Finding, ok, warn, wrong } from "./finding.ts";

/** What was found of the configuration. */
export interface ConfigReport {
  /** Undefined where it holds mistakes. */
  readonly config: Config | undefined;
  readonly findings: readonly Finding[];
}

const CHECK = "configuration";

/** Reports every mistake at once. */
export function checkConfig(configuration: Configuration): ConfigReport {
  const { config, problems } = configuration;
  const warnings = configuration.warnings.map(warningText)
    .map(({ text, advice }) => warn(CHECK, text, advice));
  if (config === undefined) {
    return { config, findings: [...problems.map((text) => wrong(CHECK, text)), ...warnings] };
  }
  const said = ok(CHECK, `${countText(configuration)}, without mistakes`);
  return { config, findings: [said, ...secrets(configuration), ...warnings] };
}

function secrets(configuration: Configuration): readonly Finding[] {
  if (!configuration.config?.jwtSecrets?.some(weakSecret)) return [];
  const name = labelOf(configuration, "TITAN_JWT_SECRET");
  const text = `${name} is shorter than 32 bytes: it may be guessed from one token`;
  return [warn(CHECK, text, "Take a longer one, or none: Titan makes one then")];
}
