/**
 * Web Push.
 *
 * @module
 */
export * from "./host_names.ts";
export * from "./system_dns.ts";
export * from "./web_push_provider.ts";
export type { ResolveHost } from "./https_post.ts";
