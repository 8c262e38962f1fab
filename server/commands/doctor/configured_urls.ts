/**
 * Which services a deployment speaks to, by what is configured.
 *
 * @module
 */
import type { Config } from "../../config.ts";
import { issuersOf } from "../../issuers_of.ts";

/** Where push services are reached that are not to be elsewhere. */
const FCM_URLS = ["https://oauth2.googleapis.com", "https://fcm.googleapis.com"];
const APNS_URLS = {
  production: "https://api.push.apple.com",
  sandbox: "https://api.sandbox.push.apple.com",
};

/** The services of a deployment. */
export interface ConfiguredUrls {
  /** Origins of all that are reached by TLS, each once. */
  readonly secure: readonly URL[];
  /** Those of push services. */
  readonly push: readonly URL[];
}

/** What is configured; Web Push is left out, since browsers choose their services. */
export function configuredUrls(config: Config): ConfiguredUrls {
  const { googleCredentials, fcmUrl, apnsKey, apnsUrl, jwtKeys } = config;
  const fcm = googleCredentials === undefined ? [] : fcmUrl?.href ?? FCM_URLS;
  const apns = typeof apnsUrl === "string" ? APNS_URLS[apnsUrl] : apnsUrl.href;
  const push = [fcm, apnsKey === undefined ? [] : apns].flat();
  const issuers = issuersOf(config).map(({ issuer }) => issuer);
  const keys = jwtKeys?.kind === "url" ? [jwtKeys.url] : [];
  return {
    secure: origins([...issuers, ...keys, ...push]).filter(({ protocol }) => protocol === "https:"),
    push: origins(push),
  };
}

function origins(urls: readonly string[]): readonly URL[] {
  return [...new Set(urls.map((url) => new URL(url).origin))].map((origin) => new URL(origin));
}
