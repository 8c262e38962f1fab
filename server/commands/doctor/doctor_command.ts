/**
 * `titan doctor`: says whether everything is well, and tries whether a push arrives.
 *
 * @module
 */
import { TRIAL_MS_MAX } from "../../operator_protocol.ts";
import { TRIAL_MS_DEFAULT } from "../../push/mod.ts";
import { deviceArgument, userArgument } from "../arguments.ts";
import { askRunningServer } from "../ask_server.ts";
import { DURATION_ALLOWED, parseDuration } from "../duration.ts";
import { CommandError, EXIT } from "../exit.ts";
import type { Program } from "../program.ts";
import { StopSignals } from "../stop_signals.ts";
import { toJson } from "../user_output.ts";
import { examine } from "./examine.ts";
import { type Finding, findingLine, type Mark } from "./finding.ts";
import { seconds, TrialReport, type TrialSubject } from "./push_trial.ts";

/** The longest wait, in seconds. */
const WAIT_SECONDS_MAX = TRIAL_MS_MAX / 1000;

/** The options of the command. */
export interface DoctorOptions {
  /** The user and the device that are sent a push. */
  readonly device?: readonly string[];
  /** How long the device may take. */
  readonly wait?: string;
  /** Print JSON. */
  readonly json?: boolean;
}

/**
 * `titan doctor`.
 *
 * @returns the exit code: 1 where something is wrong
 * @throws {CommandError} an option is wrong, or no server runs that could push.
 * @throws {OperatorError} the server cannot be asked.
 */
export async function doctor(program: Program, options: DoctorOptions): Promise<number> {
  const { device: subject, wait, json = false } = options;
  if (subject !== undefined) return await tryPush(program, subjectOf(subject, wait), json);
  if (wait !== undefined) throw new CommandError("Option --wait is for --device", EXIT.usage);
  const findings: Finding[] = [];
  const server = await examine(program, (finding) => {
    findings.push(finding);
    if (!json) console.log(findingLine(finding));
  });
  const isWell = findings.every(({ mark }) => mark !== "wrong");
  if (json) console.log(toJson({ ok: isWell, findings, server: server ?? null }));
  else console.log(summaryOf(findings));
  return isWell ? EXIT.ok : EXIT.failed;
}

function summaryOf(findings: readonly Finding[]): string {
  const count = (mark: Mark) => findings.filter((finding) => finding.mark === mark).length;
  const [wrong, warnings] = [count("wrong"), count("warn")];
  if (wrong > 0) return `${wrong} of these must be mended`;
  return warnings > 0 ? `Nothing is wrong; look at the warnings: ${warnings}` : "All is well";
}

function subjectOf([user, device, ...more]: readonly string[], wait: string | undefined) {
  if (user === undefined || device === undefined || more.length > 0) {
    throw new CommandError("Option --device takes a user and a device", EXIT.usage);
  }
  const ms = wait === undefined
    ? TRIAL_MS_DEFAULT
    : 1000 * (parseDuration(wait, WAIT_SECONDS_MAX) ?? NaN);
  if (Number.isNaN(ms)) {
    const allowed = `${DURATION_ALLOWED}, at most ${WAIT_SECONDS_MAX} s`;
    throw new CommandError(`Option --wait must be ${allowed}: it is "${wait}"`, EXIT.usage);
  }
  return { user: userArgument(user), device: deviceArgument(device), ms };
}

/** Has the running server send a push, and tells each step as it comes. */
async function tryPush(program: Program, subject: TrialSubject, json: boolean): Promise<number> {
  const config = program.config();
  const { user, device, ms } = subject;
  using stop = new StopSignals({
    source: Deno,
    monotonic: () => program.clock.monotonic(),
    again: () => Deno.exit(EXIT.failed),
  });
  const ending = new AbortController();
  stop.first.then(() => ending.abort());
  const report = new TrialReport(subject);
  let isWell = true;
  const tell = (finding: Finding, step: object) => {
    isWell &&= finding.mark !== "wrong";
    console.log(json ? JSON.stringify({ ...step, finding }) : findingLine(finding));
  };
  await askRunningServer(config, async (server) => {
    const signal = ending.signal;
    for await (const step of server.testPush(user, device, { ms, signal })) {
      for (const finding of report.tell(step)) tell(finding, step);
      // Nobody could answer what was not sent; what is only logged shall be logged.
      if (!isWell && step.step !== "provider") break;
      if (step.step === "outcome" && !json) {
        console.log(`        waiting up to ${seconds(ms)} for the device; Ctrl-C ends that`);
      }
    }
  });
  if (ending.signal.aborted && isWell) tell(report.interrupted(), { step: "answer", ok: false });
  return isWell ? EXIT.ok : EXIT.failed;
}
