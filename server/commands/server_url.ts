/**
 * Where the server is that a command speaks to.
 *
 * @module
 */
import type { Config } from "../config.ts";
import { CommandError, EXIT } from "./exit.ts";

/** Addresses that mean every one, and one of this machine that is among them. */
const EVERYWHERE: ReadonlyMap<string, string> = new Map([["0.0.0.0", "127.0.0.1"], ["::", "::1"]]);

/**
 * The URL of the server that `--url` names, or else of the one that the configuration names.
 *
 * @param given as somebody typed it: http, https, ws or wss
 * @param scheme what it becomes, with an s where the one that was given has it
 * @throws {CommandError} it is none
 */
export function serverUrl(
  config: () => Pick<Config, "host" | "port">,
  given: string | undefined,
  scheme: "http" | "ws",
): URL {
  const text = given ?? configuredUrl(config(), scheme);
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^(ws|http)s?:$/.test(url.protocol)) {
    throw new CommandError(
      `Option --url must be as ${scheme}://127.0.0.1:3000: it is "${text}"`,
      EXIT.usage,
    );
  }
  url.protocol = url.protocol.replace(/^(ws|http)/, scheme);
  url.hash = "";
  return url;
}

function configuredUrl({ host, port }: Pick<Config, "host" | "port">, scheme: string): string {
  if (port === 0) throw new CommandError("Option --url is needed where PORT is 0", EXIT.usage);
  const name = EVERYWHERE.get(host) ?? host;
  return `${scheme}://${name.includes(":") ? `[${name}]` : name}:${port}`;
}
