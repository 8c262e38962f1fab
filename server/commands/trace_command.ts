/**
 * `titan trace`: what became of a message.
 *
 * @module
 */
import { MESSAGE_ID_CHARS } from "../../limits.ts";
import { definedMembers, type MessageTrace, type TraceStep } from "../../rpc/mod.ts";
import { askRunningServer } from "./ask_server.ts";
import { CommandError, EXIT } from "./exit.ts";
import type { Program } from "./program.ts";
import { tableLines } from "./table.ts";
import { toJson } from "./user_output.ts";

/**
 * Asks the server that runs, and prints what it knows of a message.
 *
 * @throws {CommandError} it is no id of a message, no server runs, or it knows nothing of it.
 * @throws {OperatorError} the server cannot be asked.
 */
export async function printTrace(
  program: Program,
  text: string,
  { json = false }: { readonly json?: boolean },
): Promise<void> {
  const id = messageIdOf(text);
  const trace = await askRunningServer(program.config(), (server) => server.trace(id));
  if (trace === null) {
    const why = "it is unknown, older than 24 hours or this server's start, or not in the sample";
    throw new CommandError(`Message "${id}" is not traced: ${why}`);
  }
  console.log(json ? toJson(traceJson(trace)) : traceLines(trace).join("\n"));
}

/** The id of a message, as somebody typed it. @throws {CommandError} it is none. */
export function messageIdOf(text: string): string {
  const id = text.trim().toUpperCase();
  if (id.length === MESSAGE_ID_CHARS) return id;
  const what = `must be the id of a message, ${MESSAGE_ID_CHARS} characters`;
  throw new CommandError(`Argument <id> ${what}: it is ${JSON.stringify(text)}`, EXIT.usage);
}

/** A trace, with times as in RFC 3339 and in milliseconds since the message was accepted. */
export function traceJson(trace: MessageTrace): object {
  const { id, sender, to, expires, steps, leftOut } = trace;
  return definedMembers({
    id,
    from: sender,
    to,
    expires: isoTime(expires),
    steps: steps.map(({ step, at, ...details }) => ({
      step,
      time: isoTime(at),
      ms: at - acceptedAt(trace),
      ...details,
    })),
    leftOut: leftOut === 0 ? undefined : leftOut,
  });
}

/** A trace as a table. */
export function traceLines(trace: MessageTrace): string[] {
  const { id, sender, to, expires, steps, leftOut } = trace;
  const facts = [["message", id], ["from", sender], ["to", to], ["expires", isoTime(expires)]];
  const rows = steps.map((step) => [
    isoTime(step.at),
    `${step.at - acceptedAt(trace)}`,
    step.step.replace("_", " "),
    step.user ?? "",
    step.device ?? "",
    detailOf(step),
  ]);
  const heading = ["TIME", "MS", "STEP", "USER", "DEVICE", "DETAIL"];
  const more = leftOut === 0 ? [] : [`and ${leftOut} steps in the middle that were not kept`];
  return [...tableLines(facts), "", ...tableLines([heading, ...rows]), ...more];
}

function detailOf({ redelivered = 0, provider, answer, reason }: TraceStep): string {
  if (redelivered > 0) return `redelivery ${redelivered}`;
  return [provider, answer, reason].filter((one) => one !== undefined).join(": ");
}

function acceptedAt({ steps }: MessageTrace): number {
  return steps[0]?.at ?? 0;
}

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
