/**
 * The push services of a deployment: which provider wakes a device, by what is configured. One that
 * nobody uses is not loaded.
 *
 * @module
 */
import { LogProvider, type PushProvider } from "../push/mod.ts";
import type { Clock, RandomBytes } from "./clock.ts";
import { ConfigError } from "./config.ts";
import type { Log } from "./log.ts";
import { PUSH_TABLE, type PushConfig } from "./push_config.ts";
import type { FileSource } from "./push_value.ts";
import type { TextFile } from "./text_file.ts";
import type { ProviderName } from "./push/mod.ts";

/** What of the world the providers use. */
export interface PushWorld {
  /** Ends what takes too long, and dates what is signed. */
  readonly clock: Clock;
  /** Salts, and names that must be free. */
  readonly random: RandomBytes;
  /** Deno's own `fetch`. */
  readonly fetch: (
    url: string,
    options: RequestInit & { readonly client: Deno.HttpClient },
  ) => Promise<Response>;
  /** Reads a file. */
  readonly readFile: (path: string) => TextFile;
  /** Whom the providers trust beside the machine's certificates, in tests: PEM. */
  readonly ca?: string;
}

/** The providers of a deployment. Disposing of it ends their connections. */
export class PushProviders implements AsyncDisposable {
  readonly #log: PushProvider;
  readonly #configured: ReadonlyMap<ProviderName, PushProvider>;

  /**
   * @param configured the providers that have credentials
   * @param log stands for the others
   */
  constructor(configured: ReadonlyMap<ProviderName, PushProvider>, log: PushProvider) {
    this.#configured = configured;
    this.#log = log;
  }

  /** All providers there are, each once; to know where pushes can go. */
  get all(): readonly PushProvider[] {
    return [...this.#configured.values(), this.#log];
  }

  /** Who wakes devices, by the service; the log, where the deployment has no credentials for it. */
  get byName(): ReadonlyMap<ProviderName, PushProvider> {
    return new Map([...OPENERS.keys()].map((name) => [name, this.of(name)]));
  }

  /** Who wakes devices of a service: the log, where the deployment has no credentials for it. */
  of(name: ProviderName): PushProvider {
    return this.#configured.get(name) ?? this.#log;
  }

  /** Ends all providers; what is on the way is to be tried again. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.all.map((provider) => provider[Symbol.asyncDispose]()));
  }
}

/** Opens a provider, or answers undefined where its service is not configured. */
type Opener = (config: PushConfig, world: PushWorld) => Promise<PushProvider | undefined>;

const OPENERS: ReadonlyMap<ProviderName, Opener> = new Map([
  ["fcm", openFcm],
  ["apns", openApns],
  ["web", openWeb],
]);

/** Whether a service is configured at all. */
export function hasPushService(config: PushConfig): boolean {
  const { googleCredentials, apnsKey, vapidPrivate } = config;
  return [googleCredentials, apnsKey, vapidPrivate].some((one) => one !== undefined);
}

/** The providers that are configured, and the log for the others. */
export function withPushLog(
  configured: ReadonlyMap<ProviderName, PushProvider>,
  log: Log,
): PushProviders {
  const write = (reason: string) => log.event("push logged", { reason });
  return new PushProviders(configured, new LogProvider({ write }));
}

/**
 * Opens the providers that are configured. Nothing is sent to anybody yet.
 *
 * @throws {ConfigError} credentials cannot be read, or are none; all mistakes at once
 */
export async function openConfigured(
  config: PushConfig,
  world: PushWorld,
): Promise<ReadonlyMap<ProviderName, PushProvider>> {
  const configured = new Map<ProviderName, PushProvider>();
  const problems: string[] = [];
  for (const [name, open] of OPENERS) {
    try {
      const provider = await open(config, world);
      if (provider !== undefined) configured.set(name, provider);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      problems.push(...error.problems);
    }
  }
  if (problems.length === 0) return configured;
  await Promise.all([...configured.values()].map((one) => one[Symbol.asyncDispose]()));
  throw new ConfigError(problems);
}

async function openFcm(config: PushConfig, world: PushWorld): Promise<PushProvider | undefined> {
  const { googleCredentials: path, fcmUrl } = config;
  if (path === undefined) return undefined;
  const { connectTls, FcmProvider, parseServiceAccount } = await import("../push/fcm/mod.ts");
  const { clock, random, ca } = world;
  const text = read("googleCredentials", { kind: "path", path }, world);
  return await withCredentials("googleCredentials", () =>
    FcmProvider.open({
      account: parseServiceAccount(text),
      clock,
      random,
      ...(fcmUrl === undefined ? {} : { url: fcmUrl.origin }),
      ...(ca === undefined ? {} : { connect: (host, port) => connectTls(host, port, ca) }),
    }));
}

async function openApns(config: PushConfig, world: PushWorld): Promise<PushProvider | undefined> {
  const { apnsKey, apnsKeyId: keyId, apnsTeamId: teamId, apnsTopic: topic, apnsUrl } = config;
  if (apnsKey === undefined || !keyId || !teamId || !topic) return undefined;
  const { APNS_PRODUCTION_URL, APNS_SANDBOX_URL, ApnsProvider } = await import(
    "../push/apns/mod.ts"
  );
  const places = { production: APNS_PRODUCTION_URL, sandbox: APNS_SANDBOX_URL };
  const url = typeof apnsUrl === "string" ? places[apnsUrl] : apnsUrl.origin;
  const key = read("apnsKey", apnsKey, world);
  const { clock, fetch: send, ca } = world;
  const trust = ca === undefined ? {} : { ca };
  return await withCredentials(
    "apnsKey",
    () => ApnsProvider.open({ url, key, keyId, teamId, topic, clock, fetch: send, ...trust }),
  );
}

async function openWeb(config: PushConfig, world: PushWorld): Promise<PushProvider | undefined> {
  const { vapidPublic: publicKey, vapidPrivate: privateKey, vapidSubject: subject } = config;
  if (!publicKey || !privateKey || !subject) return undefined;
  const { HostNames, resolveBySystem, WebPushProvider } = await import("../push/web/mod.ts");
  const names = new HostNames(resolveBySystem);
  const { clock, random, ca } = world;
  return new WebPushProvider({
    vapid: { publicKey, privateKey, subject },
    clock,
    random,
    resolve: (host) => names.resolve(host),
    allowOrigins: config.pushOrigins,
    ...(ca === undefined ? {} : { ca }),
  });
}

/** Variables that may name a file. */
type FileKey = "googleCredentials" | "apnsKey";

/** Reads what a variable has or names. @throws {ConfigError} it cannot be read */
function read(key: FileKey, source: FileSource, { readFile }: PushWorld): string {
  if (source.kind === "text") return source.text;
  const file = readFile(source.path);
  if ("fault" in file) throw mistake(key, `it cannot be read: ${file.fault}`);
  return file.text;
}

/** What the providers find wrong with credentials is a mistake of the configuration. */
async function withCredentials<T>(key: FileKey, open: () => Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (error) {
    if (error instanceof TypeError) {
      throw mistake(key, error.message.replace(/^Cannot [^:]*: /, ""));
    }
    throw error;
  }
}

/** Of a path nothing is shown: it may be a key that is no path. */
function mistake(key: FileKey, fault: string): ConfigError {
  const { name, value } = PUSH_TABLE[key];
  return new ConfigError([`${name} must be ${value.allowed}: ${fault}`]);
}
