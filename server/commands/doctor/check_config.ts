/**
 * Whether environment and file say what Titan is to do.
 *
 * @module
 */
import type { Config, Configuration } from "../../config.ts";
import { countText } from "../config_command.ts";
import { type Risk, risksOf } from "../risks.ts";
import { warningText } from "../warning_text.ts";
import { type Finding, ok, warn, wrong } from "./finding.ts";

/** What was found of the configuration. */
export interface ConfigReport {
  /** Undefined where it holds mistakes. */
  readonly config: Config | undefined;
  readonly findings: readonly Finding[];
}

const CHECK = "configuration";

const ADVICE: ReadonlyMap<Risk["event"], string> = new Map([
  ["weak secret", "Take a longer one, or none: Titan makes one then"],
  ["operators' listener open", "Take 127.0.0.1 where only this machine asks"],
]);

/** Reports every mistake at once. */
export function checkConfig(configuration: Configuration): ConfigReport {
  const { config, problems } = configuration;
  const warnings = configuration.warnings.map(warningText)
    .map(({ text, advice }) => warn(CHECK, text, advice));
  if (config === undefined) {
    return { config, findings: [...problems.map((text) => wrong(CHECK, text)), ...warnings] };
  }
  const said = ok(CHECK, `${countText(configuration)}, without mistakes`);
  return { config, findings: [said, ...risks(config, configuration), ...warnings] };
}

/** What clients and issuers meet is looked at where those are. */
function risks(config: Config, configuration: Configuration): readonly Finding[] {
  const secrets = config.jwtSecrets ?? [];
  return risksOf({ config, configuration, secrets })
    .flatMap(({ event, label, reason }) => {
      const advice = ADVICE.get(event);
      return advice === undefined ? [] : [warn(CHECK, `${label}: ${reason}`, advice)];
    });
}
