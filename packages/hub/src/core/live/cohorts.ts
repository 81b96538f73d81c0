import { Cohort, type CohortMember } from "./cohort.ts";
import type { MatcherIndex } from "./matcher-index.ts";
import type { Selection } from "../matching/selection.ts";

/** Spare cohorts kept for subscribers that come back, beside an eighth of all cohorts. */
const SPARE_COHORTS = 64;

/** The cohorts of all selections, and some spare ones for subscribers that come back. */
export class Cohorts {
  readonly #index: MatcherIndex;
  readonly #bySelection = new Map<string, Cohort>();
  readonly #hearing = new Set<Cohort>();
  readonly #patterned = new Set<Cohort>();
  /** Cohorts that had no subscriber at some time since the last drop. */
  readonly #spare: Cohort[] = [];
  #usedCount = 0;

  constructor(index: MatcherIndex) {
    this.#index = index;
  }

  /** Number of cohorts with subscribers. */
  get usedCount(): number {
    return this.#usedCount;
  }

  get all(): Iterable<Cohort> {
    return this.#bySelection.values();
  }

  /** Cohorts that may receive presence. */
  get hearing(): ReadonlySet<Cohort> {
    return this.#hearing;
  }

  /** Cohorts with patterns. */
  get patterned(): ReadonlySet<Cohort> {
    return this.#patterned;
  }

  /** Finds or makes the cohort of a selection. Each call needs one {@link release}. */
  acquire(selection: Selection): Cohort {
    let cohort = this.#bySelection.get(selection.key);
    if (cohort === undefined) {
      cohort = new Cohort(selection);
      this.#bySelection.set(selection.key, cohort);
      this.#index.add(cohort);
      if (selection.hearsPresence) this.#hearing.add(cohort);
      if (selection.hasPatterns) this.#patterned.add(cohort);
    }
    if (cohort.references++ === 0) {
      this.#usedCount++;
      this.#index.wake(cohort);
    }
    return cohort;
  }

  release(cohort: Cohort): void {
    if (--cohort.references > 0) return;
    this.#usedCount--;
    this.#index.rest(cohort);
    if (cohort.isSpare) return;
    cohort.isSpare = true;
    this.#spare.push(cohort);
    if (this.#spare.length > SPARE_COHORTS + this.#bySelection.size / 8) this.dropSpare();
  }

  /**
   * Drops the cohorts without subscribers, many at a time. A `Map` in which one key comes and goes
   * over and over gets slower with each.
   */
  dropSpare(): void {
    for (const cohort of this.#spare.splice(0)) {
      cohort.isSpare = false;
      if (cohort.references > 0) continue;
      this.#bySelection.delete(cohort.selection.key);
      this.#index.remove(cohort);
      this.#hearing.delete(cohort);
      this.#patterned.delete(cohort);
    }
  }
}

/**
 * Takes the members out of their cohorts. The next records are not dispatched to them.
 *
 * @returns The members, which must {@link CohortMember.replay} within this turn of the event loop.
 */
export function fallBehind(cohorts: Iterable<Cohort>): readonly CohortMember[] {
  const members = Array.from(cohorts, (cohort) => cohort.members).flat();
  for (const member of members) member.fallBehind();
  return members;
}
