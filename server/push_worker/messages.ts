/**
 * What the server and the thread that sends its pushes say to each other. All of it can be cloned.
 *
 * @module
 */
import type { Push, PushCheck, PushOutcome } from "../../push/mod.ts";
import type { PushConfig } from "../push_config.ts";
import type { ProviderName } from "../push/mod.ts";

/**
 * How long either side gathers what it has to say, in milliseconds. Each message wakes a thread, and
 * a server that is woken more often commits less at a time: that costs the chat more than the push.
 */
export const GATHER_MS = 20;

/** What is not gathered any further: what a start owes has no reason to wait. */
export const GATHERED_MAX = 64;

/** What the thread is told. */
export type ToWorker =
  /** First of all: what is configured, and whom to trust beside the machine's certificates (PEM). */
  | { readonly kind: "open"; readonly config: PackedConfig; readonly ca: string | undefined }
  /** Some things to do. */
  | { readonly kind: "work"; readonly jobs: readonly Job[] }
  /** The end: nothing comes after it. */
  | { readonly kind: "end" };

/** One call of a provider. Its number is that of the answer. */
export type Job = { readonly number: number; readonly name: ProviderName } & Call;

/** What can be asked of a provider. */
export type Call = { readonly call: "send"; readonly push: Push } | { readonly call: "check" };

/** What the thread says. */
export type FromWorker =
  /** These providers are open. */
  | { readonly kind: "opened"; readonly names: readonly ProviderName[] }
  /** The configuration holds mistakes. */
  | { readonly kind: "refused"; readonly problems: readonly string[] }
  /** The providers cannot be loaded. */
  | { readonly kind: "failed"; readonly message: string }
  /** What became of some calls. */
  | { readonly kind: "done"; readonly answers: readonly Answer[] }
  /** All providers are closed. */
  | { readonly kind: "ended" };

/** What one call came to: an outcome of `send`, or of `check`. */
export interface Answer {
  /** That of the job. */
  readonly number: number;
  /** What it came to. */
  readonly outcome: PushOutcome | PushCheck;
}

/** A configuration whose URLs are text. */
export interface PackedConfig extends Omit<PushConfig, "fcmUrl" | "apnsUrl"> {
  /** What stands for FCM and Google's token endpoint. */
  readonly fcmUrl: string | undefined;
  /** Where APNs is reached: `production`, `sandbox` or a URL. */
  readonly apnsUrl: string;
}

/** Takes what is about pushes, and writes URLs as text: they cannot be cloned. */
export function packConfig(config: PushConfig): PackedConfig {
  const { fcmUrl, apnsUrl, pushOrigins, pushContent } = config;
  const { googleCredentials, apnsKey, apnsKeyId, apnsTeamId, apnsTopic } = config;
  const { vapidPublic, vapidPrivate, vapidSubject } = config;
  return {
    fcmUrl: fcmUrl?.href,
    apnsUrl: `${apnsUrl}`,
    ...{ googleCredentials, apnsKey, apnsKeyId, apnsTeamId, apnsTopic },
    ...{ vapidPublic, vapidPrivate, vapidSubject, pushOrigins, pushContent },
  };
}

/** Reads what {@linkcode packConfig} wrote. */
export function unpackConfig({ fcmUrl, apnsUrl, ...rest }: PackedConfig): PushConfig {
  return {
    ...rest,
    fcmUrl: fcmUrl === undefined ? undefined : new URL(fcmUrl),
    apnsUrl: apnsUrl === "production" || apnsUrl === "sandbox" ? apnsUrl : new URL(apnsUrl),
  };
}
