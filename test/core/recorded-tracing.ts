import type { Span, SpanFacts, SpanName, SpanStart, Tracing } from "../../packages/hub/src/core/tracing.ts";

/** A span as it was begun and ended. */
export class RecordedSpan implements Span {
  readonly name: SpanName;
  readonly start: SpanStart;
  readonly links: Span[] = [];
  facts: SpanFacts = {};
  /** How the span has ended. Undefined while it has not. */
  ended: { readonly failure: string | undefined; readonly at: number | undefined } | undefined;

  constructor(name: SpanName, start: SpanStart) {
    this.name = name;
    this.start = start;
  }

  set(facts: SpanFacts): void {
    this.#check();
    this.facts = { ...this.facts, ...facts };
  }

  link(cause: Span): void {
    this.#check();
    this.links.push(cause);
  }

  end(failure?: string, at?: number): void {
    this.#check();
    this.ended = { failure, at };
  }

  /** The hub should need no mercy. */
  #check(): void {
    if (this.ended !== undefined) throw new Error(`The span ${this.name} has ended already.`);
  }
}

/** Keeps every span. */
export class RecordedTracing implements Tracing {
  readonly spans: RecordedSpan[] = [];

  begin(name: SpanName, start: SpanStart): RecordedSpan {
    const span = new RecordedSpan(name, start);
    this.spans.push(span);
    return span;
  }

  named(name: SpanName): readonly RecordedSpan[] {
    return this.spans.filter((span) => span.name === name);
  }
}
