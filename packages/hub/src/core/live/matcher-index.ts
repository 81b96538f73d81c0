import type { Cohort } from "./cohort.ts";
import type { FramedRecord } from "./frame-ring.ts";
import { isPattern } from "../matching/matcher.ts";
import { type KnownTopic, PatternIndex } from "./pattern-index.ts";
import type { TopicParser } from "../update/topic.ts";

/**
 * Finds the cohorts of an update: by hash for exact topics, and by {@link PatternIndex} for
 * patterns.
 */
export class MatcherIndex {
  readonly #all = new Set<Cohort>();
  readonly #exact = new Map<string, Set<Cohort>>();
  readonly #patterns: PatternIndex;

  constructor(parser: TopicParser) {
    this.#patterns = new PatternIndex(parser);
  }

  /** Number of distinct patterns tested on topics. */
  get patternCount(): number {
    return this.#patterns.size;
  }

  add(cohort: Cohort): void {
    for (const matcher of cohort.selection.matchers) {
      if (matcher.kind === "all") this.#all.add(cohort);
      else if (matcher.kind === "exact") {
        const cohorts = this.#exact.get(matcher.matcher.pattern);
        if (cohorts === undefined) this.#exact.set(matcher.matcher.pattern, new Set([cohort]));
        else cohorts.add(cohort);
      } else this.#patterns.add(matcher, cohort);
    }
  }

  remove(cohort: Cohort): void {
    for (const matcher of cohort.selection.matchers) {
      if (matcher.kind === "all") this.#all.delete(cohort);
      else if (matcher.kind === "exact") {
        const cohorts = this.#exact.get(matcher.matcher.pattern);
        cohorts?.delete(cohort);
        if (cohorts?.size === 0) this.#exact.delete(matcher.matcher.pattern);
      } else this.#patterns.remove(matcher, cohort);
    }
  }

  /**
   * Activates an added cohort with its first subscriber. Before that, its patterns are not tested.
   */
  wake(cohort: Cohort): void {
    for (const matcher of cohort.selection.matchers) if (isPattern(matcher)) this.#patterns.wake(matcher);
  }

  /**
   * Deactivates a cohort that lost its last subscriber. The cohort may be woken again, or removed.
   */
  rest(cohort: Cohort): void {
    for (const matcher of cohort.selection.matchers) if (isPattern(matcher)) this.#patterns.rest(matcher);
  }

  /** See {@link PatternIndex.known}. */
  known(topic: string): KnownTopic | undefined {
    return this.#patterns.known(topic);
  }

  /**
   * Does the slow part of {@link collect}, for one topic of a record. See
   * {@link PatternIndex.searching}.
   */
  searching(topic: string): Generator<undefined, KnownTopic> {
    return this.#patterns.searching(topic);
  }

  /**
   * Adds the record to the run of each cohort that is to receive it, and each such cohort to
   * `touched`, once.
   *
   * @param found - Looks up the known matches of a topic. Without this function, patterns are
   *   skipped, and their cohorts must have no members.
   * @returns Whether any cohort is to receive the record.
   */
  collect(entry: FramedRecord, touched: Cohort[], found?: (topic: string) => KnownTopic | undefined): boolean {
    let isTaken = false;
    for (const cohort of this.#all) isTaken = add(cohort, entry, touched) || isTaken;
    for (const topic of entry.record.topics) {
      const cohorts = this.#exact.get(topic);
      if (cohorts !== undefined) for (const cohort of cohorts) isTaken = add(cohort, entry, touched) || isTaken;
      if (found === undefined || this.#patterns.size === 0) continue;
      this.#patterns.find(
        topic,
        (cohort) => {
          isTaken = add(cohort, entry, touched) || isTaken;
        },
        found(topic),
      );
    }
    return isTaken;
  }
}

/** @returns Whether the cohort is to receive the record, and was not reached by it before. */
function add(cohort: Cohort, entry: FramedRecord, touched: Cohort[]): boolean {
  const { run, paced } = cohort;
  // A cohort is reached once for each of its matchers that matches. The record is sent once.
  if (run.at(-1) === entry || cohort.members.length === 0 || !cohort.selection.mayRead(entry.record)) return false;
  if (paced !== undefined) {
    if (paced.take(entry.record)) touched.push(cohort);
    return true;
  }
  if (run.length === 0) touched.push(cohort);
  run.push(entry);
  return true;
}
