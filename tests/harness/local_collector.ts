/**
 * A collector of OpenTelemetry on this machine: takes spans by OTLP over HTTP, in JSON.
 *
 * @module
 */
import { Changes } from "./wait_for.ts";

/** A span, as far as tests look at it. */
export interface SeenSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly name: string;
  /** In milliseconds since 1970. */
  readonly start: number;
  readonly end: number;
  readonly attributes: Readonly<Record<string, unknown>>;
  /** The service, and the instrument that made it. */
  readonly service: unknown;
  readonly scope: string;
}

interface OtlpValue {
  readonly stringValue?: string;
  readonly intValue?: string;
  readonly doubleValue?: number;
  readonly boolValue?: boolean;
}

type OtlpAttributes = readonly { readonly key: string; readonly value: OtlpValue }[];

interface OtlpSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes?: OtlpAttributes;
}

/** What `POST /v1/traces` brings (OTLP 1.x, `ExportTraceServiceRequest`). */
interface OtlpTraces {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: OtlpAttributes };
    readonly scopeSpans: readonly {
      readonly scope: { readonly name: string };
      readonly spans: readonly OtlpSpan[];
    }[];
  }[];
}

/** Takes spans in. Disposing of it ends it. */
export class LocalCollector implements AsyncDisposable {
  readonly spans: SeenSpan[] = [];
  /** All bodies that came, as text. */
  readonly bodies: string[] = [];
  readonly #changes = new Changes();
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  constructor() {
    const options = { hostname: "127.0.0.1", port: 0, onListen: () => {} };
    this.#server = Deno.serve(options, (request) => this.#take(request));
  }

  /** What a process is to be given so that it tells this collector. */
  get env(): Readonly<Record<string, string>> {
    return {
      OTEL_DENO: "true",
      OTEL_DENO_CONSOLE: "ignore",
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${this.#server.addr.port}`,
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_BSP_SCHEDULE_DELAY: "50",
    };
  }

  /** Waits until something is true of the spans. */
  async until<T>(condition: () => T | undefined, what: string): Promise<T> {
    const state = () => this.spans.map(({ name }) => name).join(", ");
    return await this.#changes.until(condition, what, { state });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }

  async #take(request: Request): Promise<Response> {
    const text = await request.text();
    this.bodies.push(text);
    if (new URL(request.url).pathname === "/v1/traces") {
      this.spans.push(...spansOf(JSON.parse(text)));
      this.#changes.note();
    }
    return Response.json({});
  }
}

function spansOf({ resourceSpans }: OtlpTraces): SeenSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ scope, spans }) =>
      spans.map((span) => ({
        traceId: span.traceId,
        spanId: span.spanId,
        parentSpanId: span.parentSpanId ?? "",
        name: span.name,
        start: msOf(span.startTimeUnixNano),
        end: msOf(span.endTimeUnixNano),
        attributes: plain(span.attributes ?? []),
        service: plain(resource.attributes)["service.name"],
        scope: scope.name,
      }))
    )
  );
}

function plain(attributes: OtlpAttributes): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => {
    const { stringValue, intValue, doubleValue, boolValue } = value;
    const number = intValue === undefined ? doubleValue : Number(intValue);
    return [key, stringValue ?? number ?? boolValue];
  }));
}

function msOf(nanos: string): number {
  return Number(BigInt(nanos) / 1000n) / 1000;
}
