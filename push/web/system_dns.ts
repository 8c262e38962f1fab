/**
 * The machine's own way to resolve names.
 *
 * @module
 */
import { lookup } from "node:dns/promises";

/**
 * Answers all addresses of a host: what any connection to it would take.
 *
 * @throws an error of the code `ENOTFOUND` where there are none, or another one of DNS
 */
export async function resolveBySystem(host: string): Promise<readonly string[]> {
  const found = await lookup(host, { all: true });
  return found.map(({ address }) => address);
}
