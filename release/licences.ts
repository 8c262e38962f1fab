/**
 * The licences of the packages in an executable.
 *
 * @module
 */
import { join } from "node:path";

/** The licence of a package. */
export interface Licence {
  /** Its SPDX id or expression, as the package says; undefined where it says none. */
  readonly id: string | undefined;
  /** Its text; undefined where the package has none. */
  readonly text: string | undefined;
}

/** How files are called that hold a licence. */
const LICENCE_FILE = /^licen[cs]e(-mit)?(\.(md|txt))?$/i;

/** Reads the licences of packages. @param packages where each is, by `name@version` */
export async function readLicences(
  packages: ReadonlyMap<string, string>,
): Promise<ReadonlyMap<string, Licence>> {
  const licences = new Map<string, Licence>();
  for (const [id, dir] of packages) licences.set(id, await readLicence(dir));
  return licences;
}

/** What goes with an executable: whose code is in it, and on which terms. */
export function noticesOf(
  licences: ReadonlyMap<string, Licence>,
  denoVersion: string,
): string {
  const deno =
    `deno@${denoVersion}, MIT\n\nhttps://github.com/denoland/deno/blob/v${denoVersion}/LICENSE.md`;
  const others = [...licences].map(([id, { id: licence = "no licence named", text }]) =>
    `${id}, ${licence}\n\n${text?.trim() ?? "The package has no text of it."}`
  );
  return ["What Titan's executable contains of others", deno, ...others].join(
    `\n\n${"-".repeat(80)}\n\n`,
  ) + "\n";
}

async function readLicence(dir: string): Promise<Licence> {
  const { license } = JSON.parse(await Deno.readTextFile(join(dir, "package.json")));
  const files = await Array.fromAsync(Deno.readDir(dir));
  const file = files.map(({ name }) => name).sort().find((name) => LICENCE_FILE.test(name));
  return {
    id: typeof license === "string" ? license : undefined,
    text: file === undefined ? undefined : await Deno.readTextFile(join(dir, file)),
  };
}
