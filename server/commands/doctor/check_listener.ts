/**
 * Whether what goes between clients and the server is encrypted, as far as the configuration says.
 *
 * @module
 */
import type { Config } from "../../config.ts";
import { isLoopback } from "../is_loopback.ts";
import { type Finding, ok, warn } from "./finding.ts";

/** Says who reaches the listener. */
export function checkListener(config: Pick<Config, "host" | "trustProxy">): Finding {
  const { host, trustProxy } = config;
  if (isLoopback(host)) return ok("listener", `Only this machine reaches it at ${host}`);
  if (trustProxy.length > 0) {
    return ok("listener", `It is at ${host}, behind a proxy at ${trustProxy.join(", ")}`);
  }
  return warn(
    "listener",
    `Other machines reach it at ${host}: tokens and messages cross the network in the clear`,
    "Put a TLS proxy in front and name it in TITAN_TRUST_PROXY",
  );
}
