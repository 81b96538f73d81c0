import { describe, expect, test } from "vitest";
import { HubError } from "../../../packages/hub/src/core/errors.ts";
import { type AppendSpan, DispatchSpans, MOST_REMEMBERED, MOST_WAITING } from "../../../packages/hub/src/core/live/dispatch-spans.ts";
import { type RecordedSpan, RecordedTracing } from "../recorded-tracing.ts";

function setUp(): { tracing: RecordedTracing; spans: DispatchSpans; append: (from?: number, to?: number) => [RecordedSpan, AppendSpan] } {
  const tracing = new RecordedTracing();
  const spans = new DispatchSpans(tracing);
  return {
    tracing,
    spans,
    append(from, to = from) {
      const publish = tracing.begin("publish", { kind: "server" });
      const append = spans.append(publish, 1);
      if (from !== undefined && to !== undefined) {
        append.committed(Array.from({ length: to - from + 1 }, (_, i) => from + i));
        append.end();
      }
      return [publish, append];
    },
  };
}

describe("a dispatch", () => {
  test("links to the publishes of its batch, and forgets them", () => {
    const { tracing, spans, append } = setUp();
    append(1);
    const [second] = append(2);
    const [third] = append(3, 5);
    const [sixth] = append(6);
    spans.passed(1);
    spans.dispatch({ from: 2, to: 4 }, 3, [])();
    spans.dispatch({ from: 5, to: 6 }, 2, [])();
    const dispatches = tracing.named("dispatch");
    // A batch of updates may be given to sockets in two writes.
    expect(dispatches.map(({ links }) => links)).toEqual([
      [second, third],
      [third, sixth],
    ]);
    expect(dispatches.every(({ ended }) => ended !== undefined)).toBe(true);
    expect(spans.remembered).toBe(0);
  });

  test("waits for an append under way, which may be its own, and ends at its own time", () => {
    const { tracing, spans, append } = setUp();
    const [publish, own] = append();
    const [, other] = append();
    const before = performance.now();
    spans.dispatch({ from: 1, to: 1 }, 1, [])();
    const after = performance.now();
    const [dispatch] = tracing.named("dispatch");
    own.committed([1]);
    own.end();
    expect(dispatch?.ended).toBeUndefined();
    expect(spans.remembered).toBe(0);
    other.end(new HubError("journal_full", "The journal is full."));
    expect(dispatch?.links).toEqual([publish]);
    expect(dispatch?.ended?.at).toBeGreaterThanOrEqual(before);
    expect(dispatch?.ended?.at).toBeLessThanOrEqual(after);
    expect(tracing.named("append").map(({ ended }) => ended?.failure)).toEqual([undefined, "journal_full"]);
  });

  test("of another process's updates links to nothing", () => {
    const { tracing, spans, append } = setUp();
    append(2);
    spans.dispatch({ from: 1, to: 1 }, 1, [])();
    expect(tracing.named("dispatch")[0]?.links).toEqual([]);
    expect(spans.remembered).toBe(1);
  });

  test("counts an append's end once", () => {
    const { tracing, spans, append } = setUp();
    const [, first] = append();
    append();
    first.end();
    first.end();
    spans.dispatch({ from: 1, to: 1 }, 1, [])();
    expect(tracing.named("dispatch")[0]?.ended).toBeUndefined();
  });
});

describe("what is kept is bounded", () => {
  test("appends that are never dispatched", () => {
    const { tracing, spans, append } = setUp();
    const publishes = Array.from({ length: MOST_REMEMBERED + 10 }, (_, i) => append(i + 1)[0]);
    expect(spans.remembered).toBe(MOST_REMEMBERED);
    spans.dispatch({ from: 1, to: publishes.length }, publishes.length, [])();
    expect(tracing.named("dispatch")[0]?.links).toEqual(publishes.slice(10));
    expect(spans.remembered).toBe(0);
  });

  test("dispatches during an append that does not end", () => {
    const { tracing, spans, append } = setUp();
    append();
    for (let i = 1; i <= MOST_WAITING + 10; i++) spans.dispatch({ from: i, to: i }, 1, [])();
    const ended = tracing.named("dispatch").map((span) => span.ended !== undefined);
    expect(ended).toEqual(Array.from({ length: MOST_WAITING + 10 }, (_, i) => i < 10));
  });

  test("nothing is left of a journal that was replaced", () => {
    const { tracing, spans, append } = setUp();
    append(1);
    append();
    spans.dispatch({ from: 3, to: 3 }, 1, [])();
    append(9);
    spans.restart(0);
    expect(spans.remembered).toBe(0);
    expect(tracing.named("dispatch")[0]?.ended).toBeDefined();
  });
});
