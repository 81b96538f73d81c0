import {
  type Attributes,
  context,
  type Context,
  propagation,
  ProxyTracerProvider,
  ROOT_CONTEXT,
  type Span as ApiSpan,
  SpanKind,
  SpanStatusCode,
  type TextMapGetter,
  trace,
  type Tracer,
  type TracerProvider,
} from "@opentelemetry/api";
import type { Span, SpanFacts, SpanName, SpanStart, Tracing } from "../core/tracing.ts";

export type { Span, SpanFacts, SpanName, SpanStart, Tracing } from "../core/tracing.ts";

/** Options of `openTelemetry`. */
export interface OpenTelemetryOptions {
  /** Makes the spans. Default: the provider that an SDK has registered, now or later. */
  readonly tracerProvider?: TracerProvider | undefined;
}

/** A tracing whose spans go to an OpenTelemetry SDK. */
export interface OpenTelemetryTracing extends Tracing {
  /** Whether an SDK takes the spans. Without one, the API drops them. */
  readonly isRegistered: boolean;
  /** Makes the SDK send its spans, if it can. Resolves when that has succeeded or failed. */
  flush(): Promise<void>;
}

/** The name of each fact. Exhaustive: a new fact does not compile without one. */
const ATTRIBUTES: Readonly<Record<keyof SpanFacts, string>> = {
  updates: "messaging.batch.message_count",
  topics: "artesian.topics",
  bytes: "artesian.bytes",
  private: "artesian.private",
  sockets: "artesian.sockets",
  matchers: "artesian.matchers",
  patterns: "artesian.patterns",
  resumed: "artesian.resumed",
  gap: "artesian.gap",
  poll: "artesian.poll",
  live: "artesian.live",
  records: "artesian.records",
  pages: "artesian.pages",
};

/**
 * The attributes of each span from its start, so that samplers see them.
 *
 * @see https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/
 */
const BEGINNING: Readonly<Record<SpanName, Attributes>> = {
  publish: operation("publish", "send"),
  append: operation("append"),
  dispatch: operation("dispatch", "process"),
  subscribe: operation("subscribe"),
  replay: operation("replay"),
};

const KINDS: Readonly<Record<SpanStart["kind"], SpanKind>> = {
  server: SpanKind.SERVER,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
  internal: SpanKind.INTERNAL,
};

/**
 * Makes a tracing for `createHub({ tracing })` whose spans go to the OpenTelemetry SDK of this
 * process. Needs `@opentelemetry/api`, and does nothing while no SDK is registered.
 *
 * @example `const hub = createHub({ tracing: openTelemetry() });`
 * @see docs/operate/tracing.md
 */
export function openTelemetry({ tracerProvider }: OpenTelemetryOptions = {}): OpenTelemetryTracing {
  const provider = tracerProvider ?? trace.getTracerProvider();
  const tracer = provider.getTracer("artesian");
  return {
    begin: (name, start) => new OpenTelemetrySpan(beginSpan(tracer, name, start)),
    get isRegistered() {
      return !(provider instanceof ProxyTracerProvider) || provider.getDelegate() !== NO_SDK;
    },
    flush: () => flush(provider),
  };
}

function operation(name: SpanName, type?: "send" | "process"): Attributes {
  const attributes: Attributes = { "messaging.system": "artesian", "messaging.operation.name": name };
  if (type !== undefined) attributes["messaging.operation.type"] = type;
  return attributes;
}

function beginSpan(tracer: Tracer, name: SpanName, start: SpanStart): ApiSpan {
  return tracer.startSpan(name, { kind: KINDS[start.kind], attributes: BEGINNING[name] }, contextOf(start));
}

function contextOf({ parent, header, isRoot }: SpanStart): Context {
  if (isRoot === true) return ROOT_CONTEXT;
  const active = context.active();
  if (parent instanceof OpenTelemetrySpan) return trace.setSpan(active, parent.span);
  // In an application that is traced, its span of the request has the remote parent already.
  if (header === undefined || trace.getSpan(active) !== undefined) return active;
  return propagation.extract(active, header, FIELDS);
}

/** The provider behind the API's own one until an SDK registers. */
const NO_SDK = new ProxyTracerProvider().getDelegate();

/** Propagators ask for fields by name. */
const FIELDS: TextMapGetter<(name: string) => string | undefined> = {
  keys: () => [],
  get: (header, name) => header(name.toLowerCase()),
};

class OpenTelemetrySpan implements Span {
  readonly span: ApiSpan;

  constructor(span: ApiSpan) {
    this.span = span;
  }

  set(facts: SpanFacts): void {
    for (const [name, value] of Object.entries(facts)) {
      if (value !== undefined) this.span.setAttribute(ATTRIBUTES[name as keyof SpanFacts], value as number | boolean);
    }
  }

  link(cause: Span): void {
    if (cause instanceof OpenTelemetrySpan) this.span.addLink({ context: cause.span.spanContext() });
  }

  end(failure?: string, at?: number): void {
    if (failure !== undefined && this.span.isRecording()) {
      this.span.setAttribute("error.type", failure).setStatus({ code: SpanStatusCode.ERROR, message: failure });
    }
    if (this.span.isRecording()) this.span.end(at);
  }
}

/** The API has no flush. Providers of SDKs do. */
interface Flushing {
  forceFlush?(): Promise<void>;
  /** The API's own provider stands for the SDK's. */
  getDelegate?(): Flushing;
}

async function flush(provider: TracerProvider): Promise<void> {
  const flushing = provider as Flushing;
  try {
    await (flushing.getDelegate?.() ?? flushing).forceFlush?.();
  } catch {
    // The SDK has reported its failure.
  }
}
