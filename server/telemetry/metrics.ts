/**
 * Every metric by its name: what it means, and where it is read. The table in `docs/operating.md`
 * is compared with this one by a test.
 *
 * @module
 */
import type { StoreFigures } from "../../store/mod.ts";
import type { PushFigures } from "../push/mod.ts";
import type { EventLoop } from "./event_loop.ts";
import type { Histogram } from "./histogram.ts";
import type { Overload } from "./overload.ts";
import type { Telemetry } from "./telemetry.ts";

/** What metrics are read from. */
export interface MetricSources {
  /** What is counted. */
  readonly telemetry: Telemetry;
  /** The version of Titan. */
  readonly version: string;
  /** Live connections, signed in or not, and users who have one. */
  connections(): { readonly all: number; readonly unauthenticated: number; readonly users: number };
  /** Frames that ever came. */
  frames(): number;
  /** How much the store has to do. */
  store(): StoreFigures;
  /** What pushes came to. */
  pushes(): PushFigures;
  /** Whether the server is going down. */
  isDraining(): boolean;
  /** How the thread fares; absent where nobody watches it. */
  readonly loop?: EventLoop | undefined;
  /** What is turned away; absent where nothing ever is. */
  readonly overload?: Overload | undefined;
  /** Seconds since the start. */
  uptime(): number;
}

/** What a metric has to say: a number, one for each value of its label, or a distribution. */
export type MetricValue = number | ReadonlyMap<string | number, number> | MetricHistogram;

/** A distribution, and by what its values are multiplied to be in the unit of the metric's name. */
export interface MetricHistogram {
  /** The distribution. */
  readonly histogram: Histogram;
  /** 1 where the units are the same. */
  readonly factor: number;
}

/** One metric. */
export interface Metric {
  /** As Prometheus has it, with its unit. */
  readonly name: string;
  /** As Prometheus calls it. */
  readonly type: "counter" | "gauge" | "histogram";
  /** One sentence without a capital and a full stop. */
  readonly meaning: string;
  /** The name of the label, where its value is a map. */
  readonly label?: string;
  /** Its value now. */
  read(sources: MetricSources): MetricValue;
}

const SECONDS_PER_MS = 1e-3;

/** All metrics, in the order in which they are shown. */
export const METRICS: readonly Metric[] = [
  gauge("titan_info", "1, with the version", (it) => new Map([[it.version, 1]]), "version"),
  gauge("titan_uptime_seconds", "since the server started", (it) => it.uptime()),
  gauge("titan_draining", "1 while the server is going down", (it) => Number(it.isDraining())),
  gauge(
    "titan_overload",
    "what is turned away; 1: new connections, 2: sends as well",
    (it) => it.overload?.level ?? 0,
  ),
  counter(
    "titan_sends_shed_total",
    "messages refused because the server has too much to do",
    (it) => it.telemetry.sendsShed,
  ),
  gauge("titan_connections", "live connections", (it) => it.connections().all),
  gauge(
    "titan_connections_unauthenticated",
    "of those, the ones that nobody has signed in on",
    (it) => it.connections().unauthenticated,
  ),
  gauge("titan_users_connected", "users with a live connection", (it) => it.connections().users),
  counter("titan_connections_opened_total", "WebSockets taken in", (it) => it.telemetry.opened),
  counter(
    "titan_connections_closed_total",
    "ended ones, by close code; 0: the client ended it",
    (it) => it.telemetry.closed,
    "code",
  ),
  counter(
    "titan_connections_refused_total",
    "WebSockets and POST /rpc answered with 503, by reason",
    (it) => it.telemetry.refused,
    "reason",
  ),
  counter("titan_http_posts_total", "requests by POST /rpc", (it) => it.telemetry.posts),
  counter("titan_frames_received_total", "WebSocket frames", (it) => it.frames()),
  counter(
    "titan_requests_total",
    "requests and notifications of clients",
    (it) => it.telemetry.rpc.calls,
  ),
  counter(
    "titan_responses_total",
    "of those, the ones that were done",
    (it) => it.telemetry.rpc.results,
  ),
  counter(
    "titan_errors_total",
    "what was refused, upgrade requests and POST /rpc as well, by the name of the error",
    (it) => it.telemetry.rpc.errors,
    "error",
  ),
  counter(
    "titan_replies_total",
    "answers of clients to requests of the server: acknowledgements, most of all",
    (it) => it.telemetry.rpc.replies,
  ),
  counter(
    "titan_messages_accepted_total",
    "messages and receipts that are on disk",
    (it) => it.telemetry.messages,
  ),
  counter("titan_message_bytes_total", "their bodies", (it) => it.telemetry.messageBytes),
  counter(
    "titan_messages_sent_total",
    "messages sent to devices, those sent again included",
    (it) => it.telemetry.sent,
  ),
  counter("titan_messages_redelivered_total", "sent again", (it) => it.telemetry.redelivered),
  counter(
    "titan_messages_delivered_total",
    "messages that a first device has acknowledged",
    (it) => it.telemetry.delivered,
  ),
  counter(
    "titan_messages_set_aside_total",
    "messages that a device refused five times",
    (it) => it.telemetry.setAside,
  ),
  histogram(
    "titan_ack_seconds",
    "from the acceptance of a message to its sender's acknowledgement",
    (it) => ({ histogram: it.telemetry.ackMs, factor: SECONDS_PER_MS }),
  ),
  histogram(
    "titan_delivery_seconds",
    "from the acceptance of a message to its first device's acknowledgement",
    (it) => ({ histogram: it.telemetry.deliveredMs, factor: SECONDS_PER_MS }),
  ),
  histogram(
    "titan_commit_seconds",
    "one commit",
    (it) => ({ histogram: it.telemetry.commitMs, factor: SECONDS_PER_MS }),
  ),
  histogram(
    "titan_commit_bytes",
    "of one commit",
    (it) => ({ histogram: it.telemetry.commitBytes, factor: 1 }),
  ),
  histogram(
    "titan_commit_messages",
    "in one commit",
    (it) => ({ histogram: it.telemetry.commitMessages, factor: 1 }),
  ),
  counter(
    "titan_commits_refused_total",
    "commits that the disk did not take",
    (it) => it.telemetry.commitsRefused,
  ),
  gauge(
    "titan_store_backlog_bytes",
    "accepted and not on disk yet",
    (it) => it.store().backlogBytes,
  ),
  gauge(
    "titan_store_unsettled_bytes",
    "in the journal and not in mailboxes yet",
    (it) => it.store().unsettledBytes,
  ),
  gauge("titan_store_mailboxes", "in memory", (it) => it.store().mailboxes),
  gauge("titan_pushes_waiting", "devices that wait for their push", (it) => it.pushes().waiting),
  gauge("titan_pushes_in_flight", "pushes under way", (it) => it.pushes().inFlight),
  counter("titan_pushes_owed_total", "devices that came to be owed one", (it) => it.pushes().owed),
  counter("titan_pushes_sent_total", "given to a service", (it) => it.pushes().sent),
  counter(
    "titan_push_outcomes_total",
    "what services answered, and what became of pushes otherwise, by outcome",
    (it) => outcomesOf(it.pushes()),
    "outcome",
  ),
  histogram(
    "titan_push_seconds",
    "from giving a push to its service to the answer, whatever that is",
    (it) => ({ histogram: it.telemetry.pushMs, factor: SECONDS_PER_MS }),
  ),
  gauge(
    "titan_event_loop_delay_seconds",
    "how late timers are, the mean of about a second",
    (it) => (it.loop?.delayMs ?? 0) * SECONDS_PER_MS,
  ),
  histogram(
    "titan_event_loop_delays_seconds",
    "how late each of ten timers a second was",
    (it) => ({ histogram: it.telemetry.delayMs, factor: SECONDS_PER_MS }),
  ),
  gauge(
    "titan_event_loop_cores",
    "of a core, what the server's main thread takes, the mean of about five seconds",
    (it) => it.loop?.cores ?? 0,
  ),
  gauge("titan_memory_rss_bytes", "of the process", () => Deno.memoryUsage().rss),
  gauge("titan_memory_heap_bytes", "of the heap, used", () => Deno.memoryUsage().heapUsed),
  gauge("titan_memory_external_bytes", "beside the heap", () => Deno.memoryUsage().external),
];

function outcomesOf(figures: PushFigures): ReadonlyMap<string, number> {
  const { accepted, retried, rejected, unregistered, misconfigured, seen, cancelled, overflowed } =
    figures;
  const outcomes = { accepted, retried, rejected, unregistered, misconfigured, seen, cancelled };
  return new Map(Object.entries({ ...outcomes, overflowed }));
}

function counter(name: string, meaning: string, read: Metric["read"], label?: string): Metric {
  return { name, type: "counter", meaning, read, ...(label === undefined ? {} : { label }) };
}

function gauge(name: string, meaning: string, read: Metric["read"], label?: string): Metric {
  return { name, type: "gauge", meaning, read, ...(label === undefined ? {} : { label }) };
}

function histogram(name: string, meaning: string, read: Metric["read"]): Metric {
  return { name, type: "histogram", meaning, read };
}
