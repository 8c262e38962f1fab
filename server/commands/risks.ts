/**
 * Settings that work, and that an operator should think over.
 *
 * @module
 */
import { weakSecret } from "../auth/mod.ts";
import { type Config, type Configuration, labelOf } from "../config.ts";
import type { LogFields } from "../log.ts";
import { GOOGLE_ISSUER } from "../oidc/mod.ts";
import { isLoopback } from "./is_loopback.ts";

/** One of them. */
export interface Risk {
  /** What a server logs at its start. */
  readonly event:
    | "weak secret"
    | "google issuer changed"
    | "no TLS"
    | "operators' listener open";
  readonly fields: LogFields;
  /** The variable or the key. */
  readonly label: string;
  /** What may come of it. */
  readonly reason: string;
}

/** What {@linkcode risksOf} looks at. */
export interface RiskOptions {
  readonly config: Config;
  readonly configuration: Configuration;
  /** Those that sign tokens, where they are known. */
  readonly secrets: readonly Uint8Array[];
  /** Whether a host ends TLS. @default {false} */
  readonly isHosted?: boolean | undefined;
}

/** All risks of a configuration without mistakes. */
export function risksOf({ config, configuration, secrets, isHosted }: RiskOptions): Risk[] {
  const { host, trustProxy, googleIssuer: url, adminHost, adminPort } = config;
  const label = (variable: string) => labelOf(configuration, variable);
  const risks = weakOf(secrets, label("TITAN_JWT_SECRET"));
  if (url !== GOOGLE_ISSUER) {
    const reason = "Whoever is there can sign in as any Google user: only for tests";
    const variable = label("TITAN_GOOGLE_ISSUER");
    const fields = { variable, url, reason };
    risks.push({ event: "google issuer changed", fields, label: variable, reason });
  }
  if (!isLoopback(host) && trustProxy.length === 0 && isHosted !== true) {
    const reason = "Tokens and messages cross the network in the clear: put a TLS proxy in front";
    const fields = { address: host, reason };
    risks.push({ event: "no TLS", fields, label: label("TITAN_HOST"), reason });
  }
  if (adminPort !== undefined && !isLoopback(adminHost)) {
    const reason = "Whoever reaches it reads all figures: keep it inside a private network";
    const fields = { address: adminHost, reason };
    const event = "operators' listener open";
    risks.push({ event, fields, label: label("TITAN_ADMIN_HOST"), reason });
  }
  return risks;
}

function weakOf(secrets: readonly Uint8Array[], label: string): Risk[] {
  return [...secrets.entries()].filter(([, secret]) => weakSecret(secret)).map(([index]) => {
    const which = secrets.length === 1 ? "Shorter" : `Number ${index + 1} is shorter`;
    const reason = `${which} than 32 bytes: it may be guessed from one token`;
    return { event: "weak secret", fields: { variable: label, reason }, label, reason };
  });
}
