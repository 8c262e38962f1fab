/**
 * Whether Deno's OpenTelemetry is on. Here and not beside what tells it, which is loaded only then.
 *
 * @module
 */

/** Where Deno puts what the package `@opentelemetry/api` finds it by. */
const API = Symbol.for("opentelemetry.js.api.1");

/** Does work in some circumstances. */
export type Around = <T>(work: () => T) => T;

/** Whether spans are made: asked for by `OTEL_DENO`, which Titan need not be allowed to read. */
export function isTracingOn(scope: object = globalThis): boolean {
  const { [API]: api } = scope as { [API]?: { readonly trace?: unknown } };
  return api?.trace !== undefined;
}

/** Loads what does work of which Deno is to export no spans of its own; where that is off, nothing. */
export async function loadUnsampled(): Promise<Around> {
  if (!isTracingOn()) return (work) => work();
  return (await import("./otel/mod.ts")).unsampled;
}
