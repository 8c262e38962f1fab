/**
 * What a run broke, with the history that shows it.
 *
 * @module
 */
import type { DeliveryRecord, History, Message } from "./history.ts";

/** A promise that was not kept. */
export interface Violation {
  /** The invariant, as in "I1". */
  readonly rule: string;
  readonly what: string;
  /** What happened to it, in order, a line each. */
  readonly history: readonly string[];
}

/** Violations that are told in full; a broken server brings thousands. */
const TOLD_MAX = 8;

/** Lines of one history that are told. */
const LINES_MAX = 60;

/** Collects violations. */
export class Reporter {
  readonly violations: Violation[] = [];
  readonly #history: History;

  constructor(history: History) {
    this.#history = history;
  }

  /** Reports something, with lines that tell what happened. */
  reportLines(rule: string, what: string, lines: () => readonly string[]): void {
    const history = this.violations.length < TOLD_MAX ? essence(lines()) : [];
    this.violations.push({ rule, what, history });
  }

  /** Reports something about deliveries of a device. */
  report(rule: string, what: string, deliveries: readonly DeliveryRecord[]): void {
    const lines = () => deliveries.map((delivery) => told(delivery.at, "", delivery));
    this.reportLines(rule, what, lines);
  }

  /** Reports something about one message. */
  reportMessage(rule: string, what: string, message: Message): void {
    const { sender: { user, device }, sent: { to, seq } } = message;
    const told = `number ${seq} of ${user}/${device} to ${to}: ${what}`;
    this.reportLines(rule, told, () => this.#historyOf(message));
  }

  #historyOf({ sender, sent }: Message): string[] {
    const start = sent.attempts[0]?.at ?? 0;
    const events: { at: number; line: string }[] = [];
    const add = (at: number, line: string) => {
      if (Number.isFinite(at)) events.push({ at, line: `${moment(at)}  ${line}` });
    };
    for (const [index, { ready, killed, end }] of this.#history.lives.entries()) {
      if (killed < start) continue;
      add(ready, `server ${index} is ready`);
      add(killed, `server ${index} ${end}`);
    }
    const source = `${sender.user}/${sender.device}`;
    for (const { connection, at, answer } of sent.attempts) {
      add(at, `${source} sends it on connection ${connection}, cid ${sent.cid ?? "none"}`);
      if (answer !== undefined) add(answer.at, `${source} hears ${JSON.stringify(answer)}`);
    }
    for (const { user, device, connections } of this.#history.devices) {
      const who = `${user}/${device}`;
      for (const [index, { since, ended, pending, deliveries }] of connections.entries()) {
        const mine = deliveries.filter(({ text }) => text === sent.text);
        if (mine.length === 0 && (user !== sent.to || ended < start)) continue;
        add(since, `${who} signs in, connection ${index}: ${pending} wait`);
        add(ended, `${who} connection ${index} ends`);
        for (const delivery of mine) {
          events.push({ at: delivery.at, line: told(delivery.at, who, delivery) });
        }
      }
    }
    return events.sort((a, b) => a.at - b.at).map(({ line }) => line);
  }
}

/** Both ends of a long history: what is between is mostly lives that came and went. */
function essence(lines: readonly string[]): string[] {
  if (lines.length <= LINES_MAX) return [...lines];
  const half = LINES_MAX / 2;
  const left = `... ${lines.length - LINES_MAX} lines ...`;
  return [...lines.slice(0, half), left, ...lines.slice(-half)];
}

function told(at: number, who: string, { id, redelivered, answer }: DeliveryRecord): string {
  const said = answer === undefined
    ? "unanswered"
    : `${answer.kind} after ${(answer.at - at).toFixed(0)} ms`;
  return `${moment(at)}  ${who} gets ${id}, redelivered ${redelivered}, ${said}`;
}

function moment(at: number): string {
  return `${at.toFixed(0).padStart(8)} ms`;
}

/** Violations as text, for the message of a failing test; empty where there are none. */
export function describe(violations: readonly Violation[]): string {
  if (violations.length === 0) return "";
  const rules = Map.groupBy(violations, ({ rule }) => rule);
  const counts = [...rules].map(([rule, list]) => `${list.length} of ${rule}`).join(", ");
  const shown = violations.slice(0, TOLD_MAX).map(({ rule, what, history }) =>
    [`${rule}: ${what}`, ...history.map((line) => `    ${line}`)].join("\n")
  );
  return [`${violations.length} violations (${counts})`, ...shown].join("\n");
}
