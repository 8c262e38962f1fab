/**
 * Whether Deno's OpenTelemetry is on. Here and not beside what tells it, which is loaded only then.
 *
 * @module
 */

/** Where Deno puts what the package `@opentelemetry/api` finds it by. */
const API = Symbol.for("opentelemetry.js.api.1");

/** Whether spans are made: asked for by `OTEL_DENO`, which Titan need not be allowed to read. */
export function isTracingOn(scope: object = globalThis): boolean {
  const { [API]: api } = scope as { [API]?: { readonly trace?: unknown } };
  return api?.trace !== undefined;
}
