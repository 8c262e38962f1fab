/**
 * `deno task release`: makes archives of the executable, their checksums and a bill of materials.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import config from "../deno.json" with { type: "json" };
import { type Bundle, makeBundle } from "./bundle.ts";
import {
  createCommand,
  forEachTarget,
  hasRuntimeFor,
  runCommand,
  sizeOf,
  type TargetOptions,
  tell,
} from "./command.ts";
import { makeExecutable } from "./executable.ts";
import { type Licence, noticesOf, readLicences } from "./licences.ts";
import { ROOT } from "./run_deno.ts";
import { describeMaterials } from "./sbom.ts";
import { packTar, type TarFile } from "./tar.ts";
import { suffixOf } from "./targets.ts";

interface ReleaseOptions extends TargetOptions {
  readonly output: string;
}

/** Files of the repository that go into every archive. */
const DOCUMENTS = [
  "CHANGELOG.md",
  "LICENSE",
  "README.md",
  "docs/operating.md",
  "docs/protocol.md",
];

const SUMS = "SHA256SUMS";

const VERSION = config.version;

/** What is in a self-extracting executable; a compiled one has the runtime of the same version. */
const DENO = Deno.version.deno;

/** Makes the archives that the options ask for. @throws {ReleaseError} one cannot be made */
async function release(
  { target: targets, output, ...how }: ReleaseOptions,
): Promise<void> {
  const hasRuntime = hasRuntimeFor(targets);
  await Deno.mkdir(output, { recursive: true });
  await Deno.remove(join(output, SUMS)).catch(() => {});
  tell("Bundling the code; packages that are missing are fetched");
  await using bundle = await makeBundle();
  const licences = await readLicences(bundle.packages);
  const bill = await billOf(bundle, licences);
  const papers = [...await documents(), file("THIRD_PARTY.txt", noticesOf(licences, DENO)), bill];
  const { path: dir, remove } = await tempDir();
  try {
    const sums = [await write(output, `titan-${VERSION}.cdx.json`, bill.bytes)];
    await forEachTarget(targets, async (target) => {
      tell(`Making the archive for ${target}`);
      const program = join(dir, `titan${suffixOf(target)}`);
      const options = { ...how, bundle, target, output: program, hasRuntime, tell };
      await makeExecutable(options);
      const name = `titan-${VERSION}-${target}`;
      const bytes = await Deno.readFile(program);
      const files = [{ path: `titan${suffixOf(target)}`, bytes, isProgram: true }, ...papers];
      const inside = files.map((one) => ({ ...one, path: `${name}/${one.path}` }));
      const archive = await new Response(packTar(inside)).bytes();
      sums.push(await write(output, `${name}.tar.gz`, archive));
    });
    // Without it a release is not whole.
    await write(output, SUMS, new TextEncoder().encode(sums.join("")));
  } finally {
    await remove();
  }
}

/** Writes a file of a release. @returns its line for `sha256sum -c` */
async function write(
  dir: string,
  name: string,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<string> {
  await Deno.writeFile(join(dir, name), bytes);
  console.log(`${join(dir, name)}: ${sizeOf(bytes.length)}`);
  return `${createHash("sha256").update(bytes).digest("hex")}  ${name}\n`;
}

async function billOf(
  { packages }: Bundle,
  licences: ReadonlyMap<string, Licence>,
): Promise<TarFile> {
  const bill = describeMaterials({
    version: VERSION,
    denoVersion: DENO,
    lock: JSON.parse(await Deno.readTextFile(join(ROOT, "deno.lock"))),
    bundled: new Set(packages.keys()),
    licences: new Map([...licences].flatMap(([id, { id: one }]) => one ? [[id, one]] : [])),
  });
  return file("titan.cdx.json", `${JSON.stringify(bill, null, 2)}\n`);
}

function documents(): Promise<readonly TarFile[]> {
  return Promise.all(
    DOCUMENTS.map(async (path) => ({ path, bytes: await Deno.readFile(join(ROOT, path)) })),
  );
}

function file(path: string, text: string): TarFile {
  return { path, bytes: new TextEncoder().encode(text) };
}

async function tempDir() {
  const path = await Deno.makeTempDir({ prefix: "titan-release-" });
  return { path, remove: () => Deno.remove(path, { recursive: true }) };
}

if (import.meta.main) {
  const command = createCommand(
    "release",
    "Makes archives of Titan's executable, their checksums and a bill of materials.",
  )
    .option("--output <directory>", "where they go", "dist")
    .action(release);
  runCommand(command, Deno.args).then((code) => Deno.exit(code));
}
