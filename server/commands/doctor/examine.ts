/**
 * All checks, in order.
 *
 * @module
 */
import { type Config, ConfigError } from "../../config.ts";
import type { ServerStatus } from "../../server_admin.ts";
import { CommandError } from "../exit.ts";
import { openPush } from "../open_push.ts";
import type { Program } from "../program.ts";
import { SILENT_LOG } from "../silent_log.ts";
import { checkCertificate } from "./certificate.ts";
import { checkConfig } from "./check_config.ts";
import { checkIssuers } from "./check_issuers.ts";
import { checkListener } from "./check_listener.ts";
import { checkPush, figuresFinding } from "./check_push.ts";
import { checkStore } from "./check_store.ts";
import { configuredUrls } from "./configured_urls.ts";
import { type Finding, skipped, wrong } from "./finding.ts";
import { TimeSamples } from "./time_samples.ts";

/** How long a service may take to say what time it is, in milliseconds. */
const PROBE_MS_MAX = 5000;

/**
 * Checks everything that can be checked, and mends nothing.
 *
 * @param tell is told each finding when it is made
 * @returns how the server is that runs here
 */
export async function examine(
  program: Program,
  tell: (finding: Finding) => void,
): Promise<ServerStatus | undefined> {
  const { config, findings } = checkConfig(program.configuration());
  findings.forEach(tell);
  if (config === undefined) {
    tell(skipped("all else", "Nothing can be checked before the configuration is right"));
    return undefined;
  }
  const store = await checkStore(program, config);
  store.findings.forEach(tell);
  tell(checkListener(config));
  await examineServices(program, config, store.server, tell);
  if (store.server !== undefined) tell(figuresFinding(store.server.pushes));
  return store.server;
}

/** Checks what is elsewhere: all at once, since each may take seconds. */
async function examineServices(
  program: Program,
  config: Config,
  server: ServerStatus | undefined,
  tell: (finding: Finding) => void,
): Promise<void> {
  const { clock } = program;
  const times = new TimeSamples(() => clock.now());
  const watched = times.watching((url, init) => fetch(url, init));
  const { secure, push } = configuredUrls(config);
  const [certificates, issuers, credentials] = await Promise.all([
    Promise.all(secure.map((url) => checkCertificate(url, clock))),
    checkIssuers(config, { fetch: watched, clock }),
    examinePush(program, config, server),
    ...push.map((url) => probe(url, watched)),
  ]);
  [...certificates, ...issuers, ...credentials, times.finding()].forEach(tell);
}

async function examinePush(
  program: Program,
  config: Config,
  server: ServerStatus | undefined,
): Promise<readonly Finding[]> {
  try {
    await using providers = await openPush(program, config, SILENT_LOG);
    return await checkPush(providers, server);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map((text) => wrong("push", text));
    if (error instanceof CommandError) return [wrong("push", error.message)];
    throw error;
  }
}

/** Asks a service for nothing, to hear what time it is; why it does not answer is told elsewhere. */
async function probe(
  url: URL,
  ask: (url: string, init: RequestInit) => Promise<Response>,
): Promise<void> {
  const signal = AbortSignal.timeout(PROBE_MS_MAX);
  try {
    const response = await ask(url.href, { method: "HEAD", redirect: "manual", signal });
    await response.body?.cancel();
  } catch {
    // Its certificate and its credentials are checked too.
  }
}
