import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { PeerExchange } from "../../../packages/hub/src/core/journal/peer-exchange.ts";
import {
  PEER_TEXT_LENGTH,
  PEER_WAIT_MS,
  type PeerAnswers,
  type PeerBus,
  type PeerListener,
} from "../../../packages/hub/src/core/journal/peers.ts";

/** A bus in memory that brings every text to everyone, as a broker's channel does, but for those that are suspended. */
class TestBus {
  readonly posted: string[] = [];
  readonly #members = new Map<string, PeerListener>();
  readonly #suspended = new Map<string, (() => void)[]>();

  join(id: string): PeerBus {
    return {
      id,
      post: (text) => {
        this.posted.push(text);
        for (const other of this.#members.keys()) this.#bring(other, () => this.#members.get(other)?.heard(text, id));
      },
      listen: (listener) => {
        this.#members.set(id, listener);
        return () => void this.#members.delete(id);
      },
    };
  }

  suspend(id: string): void {
    this.#suspended.set(id, []);
  }

  /** What was sent meanwhile comes now. */
  resume(id: string): void {
    const waiting = this.#suspended.get(id) ?? [];
    this.#suspended.delete(id);
    for (const bring of waiting) this.#bring(id, bring);
  }

  /** Ends a process without a word of its own. */
  kill(id: string): void {
    this.#members.delete(id);
    for (const { gone } of this.#members.values()) gone(id);
  }

  #bring(to: string, bring: () => void): void {
    const waiting = this.#suspended.get(to);
    if (waiting === undefined) queueMicrotask(bring);
    else waiting.push(bring);
  }
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  onTestFinished(() => void vi.useRealTimers());
});

/** Processes that know each other; each answers with its id and the question. */
async function startAll(...ids: string[]): Promise<{ bus: TestBus; all: PeerExchange[]; asked: PeerExchange }> {
  const bus = new TestBus();
  const all = ids.map((id) => {
    const exchange = new PeerExchange(bus.join(id));
    exchange.answer((question) => [id, question]);
    return exchange;
  });
  await vi.advanceTimersByTimeAsync(PEER_WAIT_MS);
  return { bus, all, asked: all[0] as PeerExchange };
}

/** How long it took, with what came of it. */
async function timed(asking: Promise<PeerAnswers>): Promise<[waitedMs: number, silent: number, from: string[]]> {
  const began = performance.now();
  const state = { isOver: false };
  void asking.finally(() => (state.isOver = true));
  for (let i = 0; i < 100; i++) await Promise.resolve();
  while (!state.isOver) await vi.advanceTimersByTimeAsync(10);
  const { answers, silent } = await asking;
  return [performance.now() - began, silent, answers.map(({ from }) => from).toSorted()];
}

describe("what processes ask each other", () => {
  it("is answered once by each of the others, with what was asked, as soon as all have", async () => {
    const { asked } = await startAll("a", "b", "c");
    const { answers, silent } = await asked.ask({ name: "x", value: [1, null] });
    expect(answers.toSorted((one, other) => (one.from < other.from ? -1 : 1))).toEqual([
      { from: "b", value: ["b", { name: "x", value: [1, null] }] },
      { from: "c", value: ["c", { name: "x", value: [1, null] }] },
    ]);
    expect(silent).toBe(0);
  });

  it("waits for nobody where nobody is", async () => {
    const { asked } = await startAll("a");
    expect(await timed(asked.ask("x"))).toEqual([0, 0, []]);
  });

  it("waits the whole time while it can't know who is there", async () => {
    const { bus } = await startAll("a", "b");
    const late = new PeerExchange(bus.join("c"));
    expect(await timed(late.ask("x"))).toEqual([PEER_WAIT_MS, 0, ["a", "b"]]);
    expect(await timed(late.ask("x"))).toEqual([0, 0, ["a", "b"]]);
  });

  it("is over when an answer is enough", async () => {
    const { bus, asked } = await startAll("a", "b", "c");
    bus.suspend("b");
    const enough = asked.ask("x", (answer) => (answer as string[])[0] === "c");
    expect((await timed(enough)).slice(0, 1)).toEqual([0]);
  });

  it("is not held up twice by one that is suspended, and counts on it again when it goes on", async () => {
    const { bus, asked } = await startAll("a", "b", "c");
    bus.suspend("b");
    expect(await timed(asked.ask("x"))).toEqual([PEER_WAIT_MS, 1, ["c"]]);
    for (let i = 0; i < 3; i++) expect(await timed(asked.ask("x"))).toEqual([0, 1, ["c"]]);
    bus.resume("b");
    await vi.advanceTimersByTimeAsync(0);
    expect(await timed(asked.ask("x"))).toEqual([0, 0, ["b", "c"]]);
  });

  it("forgets one that is silent for a minute", async () => {
    const { bus, asked } = await startAll("a", "b");
    bus.suspend("b");
    await timed(asked.ask("x"));
    expect((await timed(asked.ask("x")))[1]).toBe(1);
    await vi.advanceTimersByTimeAsync(61_000);
    expect(await timed(asked.ask("x"))).toEqual([0, 0, []]);
  });

  it("does not wait for one that ends, with or without a word", async () => {
    const { bus, all, asked } = await startAll("a", "b", "c");
    bus.suspend("b");
    bus.suspend("c");
    const asking = asked.ask("x");
    bus.kill("b");
    bus.resume("c");
    all[2]?.close();
    expect(await timed(asking)).toEqual([0, 0, []]);
    expect(await timed(asked.ask("x"))).toEqual([0, 0, []]);
  });

  it.each([
    ["fails", () => Promise.reject(new Error("not for others"))],
    ["has nothing to say", () => undefined],
    ["has too much to say", () => "x".repeat(PEER_TEXT_LENGTH)],
  ])("counts one that %s as silent, without waiting", async (_, answer) => {
    const { bus, all, asked } = await startAll("a", "b", "c");
    all[1]?.answer(answer);
    expect(await timed(asked.ask("x"))).toEqual([0, 1, ["c"]]);
    expect(Math.max(...bus.posted.map(({ length }) => length))).toBeLessThanOrEqual(PEER_TEXT_LENGTH);
    expect(bus.posted.join("")).not.toContain("not for others");
  });

  it("is not sent where it is too long, or too much is asked already", async () => {
    const { bus, asked } = await startAll("a", "b");
    bus.suspend("b");
    const posted = bus.posted.length;
    expect(await timed(asked.ask("x".repeat(PEER_TEXT_LENGTH)))).toEqual([0, 1, []]);
    expect(bus.posted).toHaveLength(posted);
    const asking = Array.from({ length: 1000 }, () => asked.ask("x"));
    expect(await timed(asked.ask("x"))).toEqual([0, 1, []]);
    expect(bus.posted).toHaveLength(posted + 1000);
    await vi.advanceTimersByTimeAsync(PEER_WAIT_MS);
    expect((await Promise.all(asking)).every(({ silent }) => silent === 1)).toBe(true);
  });

  it("is not answered by what was meant for a process that was in its place before", async () => {
    const { bus, all, asked } = await startAll("a", "b");
    bus.suspend("b");
    void asked.ask("first");
    asked.close();
    const next = new PeerExchange(bus.join("a"));
    const asking = next.ask("second", () => true);
    bus.resume("b");
    await vi.advanceTimersByTimeAsync(PEER_WAIT_MS);
    expect((await asking).answers).toEqual([{ from: "b", value: ["b", "second"] }]);
    expect(all[1]?.id).toBe("b");
  });

  it("leaves alone what others say on the same bus", async () => {
    const { bus, asked } = await startAll("a", "b");
    const stranger = bus.join("stranger");
    for (const text of ["", "nothing", "null", "1", "{}", '{"answer":"x","value":1}']) stranger.post(text);
    await vi.advanceTimersByTimeAsync(0);
    expect((await timed(asked.ask("x")))[2]).toEqual(["b"]);
  });

  it("gets no answer after the end", async () => {
    const { all, asked } = await startAll("a", "b");
    const asking = asked.ask("x");
    asked.close();
    expect((await asking).answers).toEqual([]);
    expect(await asked.ask("x")).toEqual({ answers: [], silent: 1 });
    expect(await timed((all[1] as PeerExchange).ask("x"))).toEqual([0, 0, []]);
  });
});
