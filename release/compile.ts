/**
 * `deno task compile`: makes Titan one executable.
 *
 * @module
 */
import { makeBundle } from "./bundle.ts";
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
import { suffixOf } from "./targets.ts";

interface CompileOptions extends TargetOptions {
  readonly output?: string;
}

/** Makes the executables that the options ask for. @throws {ReleaseError} one cannot be made */
async function compile(
  { target: targets, output, ...how }: CompileOptions,
): Promise<void> {
  const hasRuntime = hasRuntimeFor(targets);
  tell("Bundling the code; packages that are missing are fetched");
  await using bundle = await makeBundle();
  await forEachTarget(targets, async (target) => {
    const path = targets.length > 1
      ? `${output ?? "titan"}-${target}${suffixOf(target)}`
      : output ?? `titan${suffixOf(target)}`;
    tell(`Making the executable for ${target}`);
    const options = { ...how, bundle, target, output: path, hasRuntime, tell };
    const kind = await makeExecutable(options);
    const { size } = await Deno.stat(path);
    console.log(`${path}: ${kind} executable for ${target}, ${sizeOf(size)}`);
  });
}

if (import.meta.main) {
  const command = createCommand("compile", "Makes Titan one executable.")
    .option(
      "--output <file>",
      "where it goes; of several targets each adds its name (default: titan)",
    )
    .action(compile);
  runCommand(command, Deno.args).then((code) => Deno.exit(code));
}
