/**
 * Titan's code for an executable: the modules that it reaches, of its own and of npm packages, as
 * JavaScript, and nothing else.
 *
 * @module
 */
import { join, relative } from "node:path";
import config from "../deno.json" with { type: "json" };
import { ReleaseError } from "./release_error.ts";
import { reasonOf, ROOT, runDeno } from "./run_deno.ts";

/** Where the program begins. */
export const MAIN = "main.js";

/** What says how Deno runs it. */
export const CONFIG = "deno.json";

/** What the thread of the pushes is started from: beside the code, as its URL is in the sources. */
const WORKER = "worker.ts";

/** Modules that are only imported by names that are put together, and what they are in a bundle. */
const LATE: ReadonlyMap<string, string> = new Map([
  ["firebase-admin/app", "release/entries/firebase_app"],
  ["firebase-admin/messaging", "release/entries/firebase_messaging"],
]);

const WORKER_SOURCE = "server/push_worker/worker";

/** What tells the script of a self-extracting executable which paths Titan may touch. */
const GRANTS_SOURCE = "release/entries/grants";

/** Titan's code in a directory. Disposing of it removes that. */
export interface Bundle extends AsyncDisposable {
  /** The absolute path of the directory. */
  readonly dir: string;
  /** All files, as paths from there, in order. */
  readonly files: readonly string[];
  /** Those that a program does not find by itself, since only their names stand in it. */
  readonly extra: readonly string[];
  /** The npm packages of which something is in it, such as `ws@8.23.0`, and where each is whole. */
  readonly packages: ReadonlyMap<string, string>;
}

/**
 * Makes a bundle. Packages that are not in Deno's cache are fetched.
 *
 * @throws {ReleaseError} it cannot be made
 */
export async function makeBundle(): Promise<Bundle> {
  const dir = await Deno.makeTempDir({ prefix: "titan-bundle-" });
  const dispose = () => Deno.remove(dir, { recursive: true });
  try {
    await bundleInto(dir);
    const packages = await namePackages(dir);
    await Deno.writeTextFile(join(dir, WORKER), `import "./${WORKER_SOURCE}.js";\n`);
    await Deno.writeTextFile(join(dir, CONFIG), `${JSON.stringify(bundleConfig(), null, 2)}\n`);
    const extra = [WORKER, ...[...LATE.values()].map((path) => `${path}.js`)];
    const files = await filesIn(dir);
    return { dir, files, extra, packages, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

async function bundleInto(dir: string): Promise<void> {
  const entries = ["main", WORKER_SOURCE, GRANTS_SOURCE, ...LATE.values()].map((path) =>
    `${path}.ts`
  );
  const { isDone, stderr } = await runDeno(
    ...["bundle", "--quiet", "--platform", "deno", "--format", "esm", "--code-splitting"],
    ...["--outdir", dir, ...entries],
  );
  if (!isDone) throw new ReleaseError(`Cannot bundle the code: ${reasonOf(stderr)}`);
}

/**
 * Has modules of packages named `npm/<package>/<version>/...` in comments and stack traces, and not
 * by where Deno's cache is on this machine.
 */
async function namePackages(dir: string): Promise<ReadonlyMap<string, string>> {
  const cache = await npmCache();
  const named = escaped(relative(ROOT, cache).replaceAll("\\", "/"));
  const place = new RegExp(`${named}/([^/\\s]+)/((?:@[^/\\s]+/)?[^@/\\s]+)/(\\d[^/\\s]*)/`, "g");
  const packages = new Map<string, string>();
  for (const file of await filesIn(dir)) {
    const path = join(dir, file);
    const text = (await Deno.readTextFile(path)).replace(place, (_, host, name, version) => {
      // A second copy of a package has a number behind its version.
      packages.set(`${name}@${version.replace(/_\d+$/, "")}`, join(cache, host, name, version));
      return `npm/${name}/${version}/`;
    });
    await Deno.writeTextFile(path, text);
  }
  return new Map([...packages].sort(([a], [b]) => a < b ? -1 : 1));
}

/** The directory of Deno's cache that has the npm packages. */
async function npmCache(): Promise<string> {
  const { isDone, stdout, stderr } = await runDeno("info", "--json");
  if (!isDone) throw new ReleaseError(`Cannot find Deno's cache: ${reasonOf(stderr)}`);
  return JSON.parse(stdout).npmCache;
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

/** What the sources have in their `deno.json`, as far as it matters to the code. */
function bundleConfig(): unknown {
  const imports = [...LATE].map(([name, path]) => [name, `./${path}.js`]);
  return {
    imports: Object.fromEntries(imports),
    unstable: config.unstable,
    nodeModulesDir: "none",
    lock: false,
  };
}

async function filesIn(dir: string, folder = ""): Promise<readonly string[]> {
  const files: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(join(dir, folder))) {
    const path = folder === "" ? name : `${folder}/${name}`;
    if (isDirectory) files.push(...await filesIn(dir, path));
    else files.push(path);
  }
  return files.sort();
}
