import { InMemorySpanExporter, NodeTracerProvider, type ReadableSpan, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-node";
import { expect } from "vitest";

/** An OpenTelemetry SDK that is registered for this process, and keeps its spans. */
export interface TestSdk {
  /** All ended spans, in the order of their ends. */
  spans(): readonly ReadableSpan[];
  /** Waits for the spans of a name. */
  named(name: string, count?: number): Promise<readonly [ReadableSpan, ...ReadableSpan[]]>;
  forget(): void;
}

export function registerSdk(): TestSdk {
  const exporter = new InMemorySpanExporter();
  new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }).register();
  const spans = (): readonly ReadableSpan[] => exporter.getFinishedSpans();
  return {
    spans,
    async named(name, count = 1) {
      const found = (): ReadableSpan[] => spans().filter((span) => span.name === name);
      await expect.poll(() => found().length).toBe(count);
      return found() as [ReadableSpan, ...ReadableSpan[]];
    },
    forget: () => exporter.reset(),
  };
}

/** Everything that a span tells. */
export function contentOf({ name, kind, attributes, status, events, links, resource, instrumentationScope }: ReadableSpan): string {
  return JSON.stringify({ name, kind, attributes, status, events, links, resource: resource.attributes, instrumentationScope });
}
