/**
 * `titan check`: looks for damage in a data directory.
 *
 * @module
 */
import type { Finding, StoreCounts } from "../../../store/mod.ts";
import type { Config } from "../../config.ts";
import { DataDir, DataDirTakenError } from "../../data_dir.ts";
import { CommandError, EXIT } from "../exit.ts";
import { printableLine } from "../printable.ts";
import type { Program } from "../program.ts";
import { giveWay, LongWork } from "./long_work.ts";
import { openSnapshot } from "./open_snapshot.ts";

/** What `titan check` is asked for. */
export interface CheckOptions {
  /** Mend what can be. @default {false} */
  readonly mend?: boolean;
  /** Print JSON. @default {false} */
  readonly json?: boolean;
}

/** What a check came to. */
interface Checked {
  readonly counts: StoreCounts;
  readonly findings: readonly Finding[];
}

/**
 * Checks the data directory, also while a server uses it; to mend, the server must be stopped.
 *
 * @returns the exit code: 1 where something is wrong and was not mended
 * @throws {CommandError} there is nothing to check.
 */
export async function check(
  program: Program,
  { mend = false, json = false }: CheckOptions,
): Promise<number> {
  const config = program.config();
  if (!mend) return report(await look(program, config), [], json);
  using dir = await openDir(config.dataDir);
  const { findings } = await look(program, config);
  const files = await program.loadStoreFiles();
  const mendable = findings.filter(canMend);
  if (mendable.length > 0) await files.mend(await dir.database(), mendable);
  return report(await look(program, config), mendable, json);
}

async function look(program: Program, config: Config): Promise<Checked> {
  giveWay();
  using snapshot = await openSnapshot(program, config);
  using work = new LongWork(program);
  const findings: Finding[] = [];
  const counts = await snapshot.check(
    (finding) => findings.push(finding),
    (rows) => work.note(rows, snapshot.count),
  );
  return { counts, findings };
}

/** Tells what is wrong. @returns the exit code */
function report({ counts, findings }: Checked, mended: readonly Finding[], json: boolean): number {
  if (json) {
    const told = findings.map((finding) => ({
      problem: finding.problem,
      mendable: canMend(finding),
    }));
    console.log(
      JSON.stringify({ ...counts, mended: mended.map(({ problem }) => problem), problems: told }),
    );
  } else {
    for (const { problem } of mended) console.log(`mended: ${printableLine(problem)}`);
    for (const finding of findings) {
      console.log(`${canMend(finding) ? "mendable" : "damage"}: ${printableLine(finding.problem)}`);
    }
    const { users, devices, messages } = counts;
    const there = `${users} users, ${devices} devices, ${messages} stored messages`;
    console.log(findings.length === 0 ? `Good: ${there}` : `Not good (${there})`);
    if (findings.some(canMend)) console.log("Stop the server and run titan check --mend");
  }
  return findings.length === 0 ? EXIT.ok : EXIT.failed;
}

function canMend({ mend }: Finding): boolean {
  return mend.length > 0;
}

async function openDir(path: string): Promise<DataDir> {
  try {
    return await DataDir.open(path);
  } catch (error) {
    if (!(error instanceof DataDirTakenError)) throw error;
    throw new CommandError(`${error.message}. Stop it first: only then can anything be mended`);
  }
}
