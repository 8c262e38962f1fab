/**
 * The port of the push services, and the one of them that needs no credentials.
 *
 * @module
 */
export * from "./push.ts";
export * from "./push_world.ts";
export * from "./log_provider.ts";
