import { once } from "node:events";
import { EventEmitter } from "node:events";
import type { TextUpdate } from "artesian";
import { onTestFinished } from "vitest";
import type { PollClock } from "../../packages/sources/src/http/index.ts";
import { volatileMemory, type Source, type SourceContext, type SourceEvent, type SourceMemory } from "../../packages/sources/src/index.ts";

/** A context that takes down what a source does. */
export interface RecordingContext extends SourceContext {
  readonly updates: TextUpdate[];
  readonly batches: (readonly TextUpdate[])[];
  readonly events: SourceEvent[];
  /** Messages of the warnings and failures so far. */
  readonly problems: string[];
  /** Waits until it is so; fails when the run ends before. */
  until(condition: () => boolean): Promise<void>;
  /** Starts the source; stops with the test at the latest. */
  start(source: Source): Promise<void>;
  stop(): void;
}

/** @param publish - What becomes of a batch beside being taken down. */
export function record(memory: SourceMemory = volatileMemory(), publish?: SourceContext["publish"]): RecordingContext {
  const controller = new AbortController();
  const changes = new EventEmitter().setMaxListeners(50);
  const updates: TextUpdate[] = [];
  const batches: (readonly TextUpdate[])[] = [];
  const events: SourceEvent[] = [];
  const problems: string[] = [];
  let running = 0;
  let failure: unknown;
  return {
    updates,
    batches,
    events,
    problems,
    memory,
    signal: controller.signal,
    async publish(batch) {
      await publish?.(batch);
      batches.push(batch);
      updates.push(...batch);
      changes.emit("change");
    },
    report(event) {
      events.push(event);
      if (event.kind === "warning") problems.push(event.message);
      if (event.kind === "failed") problems.push(event.error.message);
      changes.emit("change");
    },
    async until(condition) {
      while (!condition()) {
        if (running === 0) throw new Error(`It ended before it was so. ${String(failure)} ${JSON.stringify(problems)}`);
        await once(changes, "change");
      }
    },
    async start(source) {
      running += 1;
      const run = source
        .run(this)
        .catch((error: unknown) => {
          failure = error;
          throw error;
        })
        .finally(() => {
          running -= 1;
          changes.emit("change");
        });
      // It may be awaited only after it has failed.
      run.catch(() => undefined);
      onTestFinished(async () => {
        controller.abort();
        await run.catch(() => undefined);
      });
      return await run;
    },
    stop: () => controller.abort(),
  };
}

/** A clock whose pauses take no time, and are taken down. It holds still after some of them. */
export function fastClock(pauses: number): PollClock & { readonly pausesMs: number[] } {
  const pausesMs: number[] = [];
  return {
    pausesMs,
    random: () => 0,
    async sleep(ms, signal) {
      pausesMs.push(ms);
      if (pausesMs.length >= pauses && !signal.aborted) await once(signal, "abort");
    },
  };
}
