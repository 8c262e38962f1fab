/**
 * Whether those who issue credentials can be reached, for whoever only wants to know that.
 *
 * @module
 */
import { Discovery } from "./discovery.ts";
import type { FetchWorld } from "./document.ts";
import { fetchKeys } from "./remote_keys.ts";

/**
 * Fetches the discovery document and the keys of an issuer, once.
 *
 * @returns how many of its keys can be used
 * @throws {DocumentError} one of them cannot be had, or is not to be believed.
 */
export async function countIssuerKeys(issuer: string, world: FetchWorld): Promise<number> {
  return (await new Discovery(issuer, world).fetchKeys()).keys.length;
}

/**
 * Fetches a set of keys, once.
 *
 * @returns how many of them can be used
 * @throws {DocumentError} it cannot be had, or holds no key that can be used.
 */
export async function countKeys(url: string, world: FetchWorld): Promise<number> {
  return (await fetchKeys(url, world)).keys.length;
}
