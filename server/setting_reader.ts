/**
 * Reading settings one by one, from the environment and from a file, with every mistake.
 *
 * @module
 */
import { closest } from "fastest-levenshtein";
import type { ConfigSources } from "./config_sources.ts";
import type { ConfigRow } from "./config_table.ts";
import { notShown } from "./config_value.ts";
import { CONFIG_VARIABLE, fileKeyOf, fileVariableOf, keyOf } from "./setting_names.ts";
import { kindOf, shown, textOf } from "./setting_text.ts";
import { readValueFile, type TextFile } from "./text_file.ts";

/** Where the value of a variable is from. */
export interface Setting {
  /** The variable. */
  readonly variable: string;
  /** The key in a file. */
  readonly key: string;
  /** Where it is set. */
  readonly from: "default" | "environment" | "file";
  /** The name under which it is set there: a variable, or a file and its key. */
  readonly label: string;
  /** Whether the value is never shown. */
  readonly secret: boolean;
  /** What may be shown of the value; of a secret, that it is set. */
  readonly shown: string;
}

/** What works, and may be meant otherwise. */
export type ConfigWarning =
  /** A variable that looks like Titan's and is not: a misspelt one would silently do nothing. */
  | { readonly kind: "unknown"; readonly name: string; readonly nearest: string }
  /** A secret is in a file that every user of the machine may read. */
  | { readonly kind: "public"; readonly file: string };

/** One setting as it was read; without a value where that is a mistake. */
export interface Reading {
  readonly value: unknown;
  readonly setting: Setting;
}

/** A name that may be set and what is written there; an empty text counts as not set. */
interface Spelling {
  readonly label: string;
  readonly text: string;
}

/** What stands for a setting in one place; the text is missing where that is a mistake. */
interface Given extends Omit<Spelling, "text"> {
  readonly from: "environment" | "file";
  readonly text: string | undefined;
}

const UNSET = "";

/** Reads settings, and collects what is wrong with them. */
export class SettingReader {
  /** Every mistake so far: one sentence each, and no secret. */
  readonly problems: string[];
  /** What may be meant otherwise. */
  readonly warnings: ConfigWarning[] = [];
  readonly #sources: ConfigSources;

  /** @param sources where settings are written */
  constructor(sources: ConfigSources) {
    this.#sources = sources;
    this.problems = [...sources.file?.problems ?? []];
  }

  /** Reads what a row of the table describes. What a variable hides in the file is checked too. */
  read(row: ConfigRow<unknown>): Reading {
    const inEnvironment = this.#inEnvironment(row);
    const inFile = this.#inFile(row, inEnvironment === undefined);
    const values = [inEnvironment, inFile].map((given) => given && this.#valueOf(row, given));
    const given = inEnvironment ?? inFile;
    const value = given === undefined
      ? row.unset === undefined ? row.value.read(row.default) : row.unset.value
      : values[inEnvironment === undefined ? 1 : 0];
    return { value, setting: settingOf(row, given) };
  }

  /** Finds names that mean nothing. Nobody else writes into the file: there it is a mistake. */
  lookAtNames(
    variables: readonly { readonly name: string; readonly secret: boolean }[],
  ): void {
    const secret = variables.filter((variable) => variable.secret).map(({ name }) => name);
    const names = variables.map(({ name }) => name);
    const known = [...names, ...secret.map(fileVariableOf)];
    const { names: set, file } = this.#sources;
    for (const name of set) {
      if (!name.startsWith("TITAN_") || name === CONFIG_VARIABLE || known.includes(name)) continue;
      this.warnings.push({ kind: "unknown", name, nearest: nearestOf(name, known) });
    }
    if (file === undefined) return;
    const keys = known.map(keyOf);
    for (const [key, value] of file.values) {
      if (!keys.includes(key)) this.problems.push(`${file.path}: ${unknownKey(key, value, keys)}`);
    }
    if (file.isPublic && secret.some((name) => (file.values.get(keyOf(name)) ?? UNSET) !== UNSET)) {
      this.warnings.push({ kind: "public", file: file.path });
    }
  }

  #inEnvironment(row: ConfigRow<unknown>): Given | undefined {
    const { env } = this.#sources;
    const spell = (label: string) => ({ label, text: env(label) ?? UNSET });
    const path = row.hidden ? spell(fileVariableOf(row.name)) : undefined;
    return this.#pick("environment", spell(row.name), path, true);
  }

  #inFile(row: ConfigRow<unknown>, isUsed: boolean): Given | undefined {
    if (this.#sources.file === undefined) return undefined;
    const direct = this.#inFileAs(keyOf(row.name), row.value);
    const path = row.hidden
      ? this.#inFileAs(fileKeyOf(row.name), { allowed: "the path of a file" })
      : undefined;
    if (direct === undefined) return { from: "file", label: this.#label(row), text: undefined };
    return this.#pick("file", direct, path, isUsed);
  }

  /** What stands under a key, as a text; undefined where its type is a mistake. */
  #inFileAs(
    key: string,
    { form, allowed }: Pick<ConfigRow<unknown>["value"], "form" | "allowed">,
  ): Spelling | undefined {
    const { file } = this.#sources;
    const value = file?.values.get(key);
    const label = `${file?.path}: ${key}`;
    if (value === undefined) return { label, text: UNSET };
    const text = textOf(value, form);
    if (text === undefined) {
      this.problems.push(`${label} must be ${allowed}: it is ${kindOf(value)}`);
      return undefined;
    }
    return { label, text };
  }

  #label(row: ConfigRow<unknown>): string {
    return `${this.#sources.file?.path}: ${keyOf(row.name)}`;
  }

  /** Takes a value, or reads the file that holds it where it is used. */
  #pick(
    from: Given["from"],
    direct: Spelling,
    path: Spelling | undefined,
    isUsed: boolean,
  ): Given | undefined {
    const named = path !== undefined && path.text !== UNSET ? path : undefined;
    if (direct.text !== UNSET) {
      if (named === undefined) return { from, ...direct };
      this.problems.push(`${direct.label} must be left out where ${named.label} is set`);
      return { from, label: direct.label, text: undefined };
    }
    if (named === undefined || !isUsed) return undefined;
    const file = this.#read(named.text.trim());
    if ("fault" in file) {
      this.problems.push(`${named.label} must be the path of a file with the value: ${file.fault}`);
      return { from, label: named.label, text: undefined };
    }
    this.#judge(named.label, file);
    return { from, label: named.label, text: file.text };
  }

  #read(path: string): TextFile {
    const { readFile = readValueFile } = this.#sources;
    return readFile(path);
  }

  /** Warns of secrets that everybody may read. */
  #judge(label: string, file: TextFile): void {
    if ("fault" in file || !file.isPublic) return;
    this.warnings.push({ kind: "public", file: `the file that ${label} names` });
  }

  /** White space around a value is a slip of the editor. */
  #valueOf(row: ConfigRow<unknown>, { label, text }: Given): unknown {
    if (text === undefined) return undefined;
    const { allowed, fault, read, secretsIn } = row.value;
    const value = read(text.trim());
    if (value !== undefined) {
      const path = secretsIn?.(value);
      // What is wrong with the file is told by who uses what is in it.
      if (path !== undefined) this.#judge(label, this.#read(path));
      return value;
    }
    const given = row.hidden ? notShown(text) : `it is ${JSON.stringify(shown(text))}`;
    this.problems.push(`${label} must be ${allowed}: ${fault?.(text.trim()) ?? given}`);
    return undefined;
  }
}

function settingOf(row: ConfigRow<unknown>, given: Given | undefined): Setting {
  const { name: variable, hidden: secret = false } = row;
  const names = { variable, key: keyOf(variable), secret };
  if (given === undefined) {
    return { ...names, from: "default", label: variable, shown: row.default };
  }
  const { from, label, text = "" } = given;
  return { ...names, from, label, shown: secret ? "set" : shown(text.trim()) };
}

function unknownKey(key: string, value: unknown, keys: readonly string[]): string {
  const name = shown(/^[\w-]+$/.test(key) ? key : JSON.stringify(key));
  if (kindOf(value) === "a table") return `[${name}] must go: settings stand in no table`;
  return `${name} means nothing to Titan: it may be meant as ${nearestOf(key, keys)}`;
}

/** Goes by what makes names differ: TITAN_PORT is meant as PORT, though TITAN_HOST has more of it. */
function nearestOf(name: string, known: readonly string[]): string {
  const bare = (name: string) => keyOf(name.toUpperCase());
  const nearest = closest(bare(name), known.map(bare));
  return known.find((name) => bare(name) === nearest) ?? nearest;
}
