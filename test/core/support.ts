import type { Journal, JournalRecord } from "../../packages/hub/src/core/journal/journal.ts";
import { DEFAULT_LIMITS } from "../../packages/hub/src/core/limits.ts";
import type { CohortMember } from "../../packages/hub/src/core/live/cohort.ts";
import { Dispatcher } from "../../packages/hub/src/core/live/dispatcher.ts";
import { type Matcher, MatcherCompiler } from "../../packages/hub/src/core/matching/matcher.ts";
import { Selection, type WireOptions } from "../../packages/hub/src/core/matching/selection.ts";
import { DEFAULT_PUBLISHED_RETRY_MS } from "../../packages/hub/src/core/update/retry.ts";
import { TopicParser } from "../../packages/hub/src/core/update/topic.ts";
import type { Update } from "../../packages/hub/src/core/update/update.ts";

const HUB = "https://hub.example/.well-known/mercure";
export const PARSER: TopicParser = new TopicParser(HUB);
const COMPILER = new MatcherCompiler(HUB, DEFAULT_LIMITS);

/** A matcher as tests spell it: `=topic` is exact, `*` selects all topics, anything else is a URL pattern. */
function matcherOf(text: string): Matcher {
  if (text === "*") return { type: "exact", pattern: "*" };
  return text.startsWith("=") ? { type: "exact", pattern: text.slice(1) } : { type: "urlpattern", pattern: text };
}

/** A selection of an anonymous subscriber, or of one with grants. Matchers are spelled as in {@link matcherOf}. */
export function selectionOf(matchers: readonly string[], wire: WireOptions = {}, grants: readonly string[] = []): Selection {
  const compile = (all: readonly string[]): Selection["matchers"] => (all.length === 0 ? [] : COMPILER.compileAll(all.map(matcherOf)));
  return new Selection(compile(matchers), compile(grants), PARSER, wire);
}

/** A dispatcher that follows a journal from its tail on. @param maxRecords - Most records of a page. */
export function dispatcherOf(journal: Journal, maxRecords = 100): Dispatcher {
  return new Dispatcher(journal, PARSER, {
    page: { maxRecords, maxBytes: 64 * 1024 * 1024 },
    publishedRetryMs: DEFAULT_PUBLISHED_RETRY_MS,
  });
}

export function updateOf(topics: readonly string[], data = "", more: Partial<Update> = {}): Update {
  return { topics, data, id: undefined, type: undefined, retry: undefined, private: false, ...more };
}

export function recordOf(offset: number, topics: readonly string[], data = "", more: Partial<Update> = {}): JournalRecord {
  return { ...updateOf(topics, data, more), offset, at: 0 };
}

/** A member of a cohort that keeps what it was sent, and takes everything. */
export class TestMember implements CohortMember {
  memberIndex = -1;
  readonly cursor: number;
  readonly writes: string[] = [];

  constructor(cursor = 0) {
    this.cursor = cursor;
  }
  write(bytes: Uint8Array): boolean {
    this.writes.push(new TextDecoder().decode(bytes));
    return true;
  }
  stall = (): void => undefined;
  fallBehind = (): void => undefined;
  replay = (): void => undefined;

  /** The data of the updates of each write. */
  get data(): readonly (readonly string[])[] {
    return this.writes.map((text) => [...text.matchAll(/^data: (.*)$/gm)].map(([, data]) => data as string));
  }
}
