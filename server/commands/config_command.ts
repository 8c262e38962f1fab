/**
 * `titan config`: checks and shows the configuration.
 *
 * @module
 */
import { ConfigError, type Configuration } from "../config.ts";
import { configExample } from "../config_example.ts";
import type { Setting } from "../setting_reader.ts";
import { tell } from "./exit.ts";
import { openPush } from "./open_push.ts";
import type { Program } from "./program.ts";
import { risksOf } from "./risks.ts";
import { SILENT_LOG } from "./silent_log.ts";
import { tableLines } from "./table.ts";
import { toJson } from "./user_output.ts";
import { warningText } from "./warning_text.ts";

/** The options of the commands. */
export interface ConfigOptions {
  /** Print JSON. */
  readonly json?: boolean;
}

/** Says every mistake. @throws {ConfigError} there are some. */
export async function checkConfiguration(
  program: Program,
  { json = false }: ConfigOptions,
): Promise<void> {
  const configuration = program.configuration();
  const problems = await problemsOf(program, configuration);
  const warnings = [
    ...configuration.warnings.map(warningText).map(({ text, advice }) => `${text}. ${advice}`),
    ...risks(program, configuration),
  ];
  if (json) {
    const file = configuration.path ?? null;
    console.log(toJson({ ok: problems.length === 0, file, problems, warnings }));
  } else {
    tell(warnings.map((text) => `Warning: ${text}`));
  }
  if (problems.length > 0) throw new ConfigError(problems);
  if (!json) console.log(`No mistakes: ${countText(configuration)}`);
}

/** What a server would warn of at its start. */
function risks({ isHosted }: Program, configuration: Configuration): readonly string[] {
  const { config } = configuration;
  if (config === undefined) return [];
  const secrets = config.jwtSecrets ?? [];
  return risksOf({ config, configuration, secrets, isHosted })
    .map(({ label, reason }) => `${label}: ${reason}`);
}

/** All mistakes, those in credentials for push services included. */
async function problemsOf(
  program: Program,
  { config, problems }: Configuration,
): Promise<readonly string[]> {
  if (config === undefined) return problems;
  try {
    await using _providers = await openPush(program, config, SILENT_LOG);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

/** How many settings are made, and where. */
export function countText({ settings, path }: Configuration): string {
  const count = (from: Setting["from"]) =>
    settings.filter((setting) => setting.from === from).length;
  const variables = count("environment");
  const set = variables === 1 ? "1 variable is set" : `${variables} variables are set`;
  return path === undefined ? set : `${set}, and ${count("file")} more in ${path}`;
}

/** Shows what a server would work with. @throws {ConfigError} there are mistakes. */
export function showConfiguration(program: Program, { json = false }: ConfigOptions): void {
  program.config();
  const { settings, path } = program.configuration();
  console.log(
    json
      ? toJson({ file: path ?? null, settings: settings.map(settingJson) })
      : settingLines(settings).join("\n"),
  );
}

/** Prints a file that changes nothing until something is taken out of its comments. */
export function printExample(): void {
  console.log(configExample());
}

/** A setting for programs. Of a secret there is no value. */
export function settingJson({ variable, key, from, label, secret, shown }: Setting): object {
  const value = secret ? { set: from !== "default" } : { value: shown };
  return { variable, key, ...value, from, ...(from === "default" ? {} : { in: label }) };
}

/** A table of settings. */
export function settingLines(settings: readonly Setting[]): string[] {
  const rows = settings.map(({ variable, key, from, label, shown }) => [
    variable,
    key,
    shown,
    from === "default" || label === variable ? from : label,
  ]);
  return tableLines([["VARIABLE", "KEY", "VALUE", "FROM"], ...rows]);
}
