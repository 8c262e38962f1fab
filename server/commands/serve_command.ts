/**
 * `titan serve`: runs the server until it is told to stop.
 *
 * @module
 */
import { StoreBusyError, StoreUnavailableError } from "../../store/mod.ts";
import { readOrMakeSecrets, SecretFileError } from "../auth/mod.ts";
import type { Config } from "../config.ts";
import { DataDir, DataDirError, DataDirTakenError, socketPathOf } from "../data_dir.ts";
import type { Listen } from "../listener.ts";
import { createLog, type Log } from "../log.ts";
import { IssuerUnavailableError } from "../oidc/mod.ts";
import { OperatorSocket } from "../operator_socket.ts";
import type { PushProviders } from "../push_providers.ts";
import { Server } from "../server.ts";
import type { ServerAdmin } from "../server_admin.ts";
import { EventLoop, Overload, Telemetry } from "../telemetry/mod.ts";
import { CommandError, EXIT, messageOf } from "./exit.ts";
import type { Faults } from "./faults.ts";
import { openPush } from "./open_push.ts";
import { openStore } from "./open_store.ts";
import { type Risk, risksOf } from "./risks.ts";
import { warningText } from "./warning_text.ts";
import type { Program, StoreOpening } from "./program.ts";
import { StopSignals } from "./stop_signals.ts";

/** Errors whose messages hold nothing that a client sent. */
const OWN_ERRORS = [
  StoreBusyError,
  StoreUnavailableError,
  DataDirError,
  SecretFileError,
  IssuerUnavailableError,
];

/** What a stop may take beside the drain, in milliseconds: the last commits, on a slow disk. */
const STOP_MS_MAX = 10_000;

/** What a running server is made of. */
interface Serving {
  readonly program: Program;
  readonly config: Config;
  readonly log: Log;
  readonly stop: StopSignals;
}

/**
 * Serves until a signal comes.
 *
 * @returns the exit code
 * @throws {CommandError} the port cannot be had.
 * @throws {ConfigError} the configuration holds mistakes.
 * @throws {DataDirError} the data directory cannot be had.
 */
export async function serve(program: Program, faults: Faults): Promise<number> {
  const config = program.config();
  const format = config.log ?? (Deno.stdout.isTerminal() ? "pretty" : "json");
  const log = createLog({
    format,
    level: config.logLevel,
    now: () => program.clock.now(),
    own: OWN_ERRORS,
  });
  faults.report = (error) => log.error("fault", error);
  using stop = new StopSignals({
    source: Deno,
    monotonic: () => program.clock.monotonic(),
    again: () => Deno.exit(EXIT.failed),
  });
  await run({ program, config, log, stop });
  log.event("stopped");
  return EXIT.ok;
}

async function run(serving: Serving): Promise<void> {
  const { program, config, log, stop } = serving;
  // A shared store owns nothing: there are no files, and nobody asks by a socket.
  using dir = config.store === "shared" ? null : await DataDir.open(config.dataDir);
  const secrets = config.jwtSecrets ??
    await readOrMakeSecrets(dir?.path ?? config.dataDir, program.random);
  warn(serving, secrets);
  const spans = await program.loadSpans(config);
  const push = await openPush(program, config, log);
  await using store = await openStore(program, config, dir, storeEvents(config, log));
  const telemetry = new Telemetry();
  const overload = new Overload();
  using loop = watchLoop(serving, telemetry, overload);
  await using server = await Server.start({
    ...program,
    loop,
    overload,
    telemetry,
    config,
    log,
    store,
    secrets,
    spans,
    listen: await loadListener(serving),
    providers: push.byName,
    fetch: (url, init) => fetch(url, init),
  });
  await using _socket = dir === null
    ? null
    : await openSocket(serving, server, operatedBy(serving, server, push));
  const { version } = program;
  const { listener, store: kind } = config;
  log.event("ready", { url: server.url, listener, store: kind, path: dir?.path, version });
  const { operatorUrl } = server;
  if (operatorUrl !== undefined) log.event("operators' listener ready", { url: operatorUrl });
  const signal = await stop.first;
  log.event("stopping", { signal, connections: server.gateway.connections });
  const ms = config.drainSeconds * 1000 + STOP_MS_MAX;
  program.clock.after(ms, () => {
    log.warn("stop takes too long", { ms });
    Deno.exit(EXIT.failed);
  });
  await drain(serving, server);
}

/** Follows how this thread fares, and tells when that makes the server turn something away. */
function watchLoop(
  { program, log }: Serving,
  telemetry: Telemetry,
  overload: Overload,
): EventLoop {
  return new EventLoop({
    ...program,
    looked(delayMs, loop) {
      telemetry.delayMs.observe(delayMs);
      if (!overload.look(loop)) return;
      if (overload.level === 0) return log.event("overload over");
      const reason = overload.level === 1 ? "new connections" : "new connections and sends";
      log.warn("overloaded", { reason, ms: Math.round(loop.delayMs) });
    },
  });
}

async function drain({ program: { clock }, log }: Serving, server: Server): Promise<void> {
  const startedAt = clock.monotonic();
  const connections = await server.drain();
  log.event("drained", { connections, ms: Math.round(clock.monotonic() - startedAt) });
}

/** What the server does when its store has bad news. */
function storeEvents({ dataDir }: Config, log: Log): Omit<StoreOpening, "database"> {
  return {
    lost() {
      log.error("store lost", new DataDirTakenError(dataDir, undefined));
      Deno.exit(EXIT.fault);
    },
    failed: (error) => log.error("store failed", error),
  };
}

/** The listener, with what can be wrong about its address in one line. */
async function loadListener({ program, config }: Serving): Promise<Listen> {
  const listen = await program.loadListener(config);
  return async (options, handler) => {
    try {
      return await listen(options, handler);
    } catch (error) {
      const why = error instanceof Deno.errors.AddrInUse
        ? "another program listens there"
        : messageOf(error);
      const { hostname, port } = options;
      throw new CommandError(`Cannot listen on ${hostname} port ${port}: ${why}`);
    }
  };
}

/** What an operator can ask of this server. */
function operatedBy(
  { program: { version, clock }, config }: Serving,
  { url, pushes, tracer }: Server,
  push: PushProviders,
): ServerAdmin {
  const ready = clock.now();
  const names = { fcm: push.of("fcm").name, apns: push.of("apns").name, web: push.of("web").name };
  const { store } = config;
  return {
    status: () =>
      Promise.resolve({ version, url, store, ready, providers: names, pushes: pushes.figures }),
    testPush: (user, device, options) => pushes.test(user, device, options),
    trace: (id) => Promise.resolve(tracer.find(id)),
  };
}

async function openSocket(
  { program, config, log }: Serving,
  server: Server,
  admin: ServerAdmin,
): Promise<OperatorSocket | null> {
  const { clock } = program;
  const path = socketPathOf(config.dataDir);
  if (path === null) {
    const reason =
      "Path is too long for a socket: titan user works only while the server is stopped";
    log.warn("no operator socket", { path: config.dataDir, reason });
    return null;
  }
  return await OperatorSocket.open({ path, users: server.admin, server: admin, clock, log });
}

function warn({ program, config, log }: Serving, secrets: readonly Uint8Array[]): void {
  const configuration = program.configuration();
  for (const warning of configuration.warnings) {
    if (warning.kind === "unknown") {
      log.warn("unknown variable", { variable: warning.name, nearest: warning.nearest });
    } else log.warn("secret not protected", { reason: warningText(warning).text });
  }
  const { isHosted } = program;
  for (const risk of risksOf({ config, configuration, secrets, isHosted })) tellRisk(log, risk);
}

/** The names are written out: docs/operating.md is compared with them. */
function tellRisk(log: Log, { event, fields }: Risk): void {
  switch (event) {
    case "weak secret":
      return log.warn("weak secret", fields);
    case "google issuer changed":
      return log.warn("google issuer changed", fields);
    case "no TLS":
      return log.warn("no TLS", fields);
    case "operators' listener open":
      return log.warn("operators' listener open", fields);
  }
}
