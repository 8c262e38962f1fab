/**
 * What `main.ts` puts together. Listeners are loaded when one is asked for: only one runs.
 *
 * @module
 */
import type { Listen } from "./listener.ts";

export { type Clock, type RandomBytes, systemClock, systemRandom } from "./clock.ts";
export { type Adapters, type Program, runTitan, type StoreOpening } from "./commands/mod.ts";
export type { Config, Configuration } from "./config.ts";
export { type Environment, isDenoDeploy, withDeployDefaults } from "./deno_deploy.ts";
export { createEpoch } from "./epoch.ts";
export type { KeySource, PublicKey, PublicKeySet } from "./keys_value.ts";
export type {
  Listen,
  Listener,
  ListenerHandler,
  ListenOptions,
  UpgradeAcceptance,
  UpgradeDecision,
  UpgradeRequest,
} from "./listener.ts";
export { type Log, LOG_FIELDS, type LogFields } from "./log.ts";
export type { IssuerConfig } from "./oidc/mod.ts";
export { isTracingOn } from "./otel_switch.ts";
export type { PushConfig } from "./push_config.ts";
export type { ApnsPlace, FileSource } from "./push_value.ts";
export type { ConfigWarning, Setting } from "./setting_reader.ts";
export type { MessageSpans, SpansOfMessage } from "./trace/mod.ts";
export type { Transport, TransportAcceptor, TransportHandler } from "./transport.ts";

/** Loads the listener on `Deno.serve`. */
export async function loadDenoListener(): Promise<Listen> {
  return (await import("./deno_listener.ts")).listenDeno;
}

/** Loads the listener on `npm:ws`. */
export async function loadWsListener(): Promise<Listen> {
  return (await import("./ws_listener.ts")).listenWs;
}
