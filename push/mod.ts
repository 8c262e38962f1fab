/**
 * The port of the push services, the one of them that needs no credentials, and the keys of Web Push,
 * which are looked at before anything is sent.
 *
 * @module
 */
export * from "./push.ts";
export * from "./push_world.ts";
export * from "./log_provider.ts";
export * from "./vapid.ts";
