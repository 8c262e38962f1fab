/**
 * Web Push.
 *
 * @module
 */
export * from "./system_dns.ts";
export * from "./web_push_provider.ts";
export type { ResolveHost } from "./https_post.ts";
