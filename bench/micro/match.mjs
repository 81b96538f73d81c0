// match: which cohorts an update goes to.
import { importInner } from "../lib/artesian.mjs";
import { joinScenes, verifyThat } from "../lib/measure.mjs";
import { seeded } from "../lib/random.mjs";
import { createCohorts } from "../lib/selections.mjs";
import { figure } from "../lib/table.mjs";

/** @typedef {import("../lib/selections.mjs").Cohort} Cohort */
/** @typedef {import("../lib/selections.mjs").Matcher} Matcher */
/** @typedef {import("../../packages/hub/src/core/journal/journal.ts").JournalRecord} JournalRecord */
/** @typedef {import("../../packages/hub/src/core/live/frame-ring.ts").FramedRecord} FramedRecord */
/** @typedef {import("../../packages/hub/src/core/live/matcher-index.ts").MatcherIndex} MatcherIndex */

const EXACT = [100, 1_000, 10_000, 100_000];
const PATTERNS = [1, 100, 500];
/** More than what the index and the parser of topics remember, so that each is forgotten before its turn comes again. */
const NEW_TOPICS = 40_000;

/**
 * Patterns as applications have them, and a topic that each selects.
 *
 * @type {readonly ((n: number) => { pattern: string, selected: string })[]}
 */
const SHAPES = [
  (n) => ({ pattern: `/tenants/${n}/books/:id`, selected: `/tenants/${n}/books/1` }),
  (n) => ({ pattern: `/tenants/${n}/*`, selected: `/tenants/${n}/books/1/pages` }),
  (n) => ({ pattern: `/tenants/:tenant/books/${n}-:id(\\d+)`, selected: `/tenants/a/books/${n}-1` }),
  (n) => ({ pattern: `https://example.com/:kind(books|authors)/${n}{/:part}?`, selected: `https://example.com/authors/${n}` }),
];

/** @param {number} n */
function patternOf(n) {
  const shape = SHAPES[n % SHAPES.length];
  if (shape === undefined) throw new RangeError("no shape");
  const { pattern, selected } = shape(n);
  return { matcher: { type: /** @type {const} */ ("urlpattern"), pattern }, selected };
}

/** @param {number} n */
const exactOf = (n) => ({ matcher: { type: /** @type {const} */ ("exact"), pattern: `/users/${n}/inbox` }, selected: `/users/${n}/inbox` });

/**
 * @param {string} topic
 * @returns {JournalRecord}
 */
const recordOf = (topic) => ({
  offset: 1,
  at: 0,
  topics: [topic],
  data: "",
  id: undefined,
  type: undefined,
  retry: undefined,
  private: false,
});

/** Shares most of its path with the patterns. @param {number} n */
const newTopic = (n) => `/tenants/none/books/b${n}`;

/**
 * Collects records in turn, and counts the cohorts that they went to.
 *
 * @param {MatcherIndex} index
 * @param {readonly FramedRecord[]} records
 */
function collector(index, records) {
  /** @type {Cohort[]} */
  const touched = [];
  const counted = { records: 0, cohorts: 0 };
  let next = 0;
  const run = () => {
    index.collect(/** @type {FramedRecord} */ (records[next]), touched, () => undefined);
    next = next + 1 === records.length ? 0 : next + 1;
    counted.records++;
    counted.cohorts += touched.length;
    for (const cohort of touched) cohort.run.length = 0;
    touched.length = 0;
  };
  return { run, counted };
}

/** @type {import("../micro.mjs").Benchmark} */
export const match = {
  name: "match",
  title: "match an update",
  unit: "ns",
  method: `Which cohorts an update goes to, where each cohort has a matcher that no other has: exact topics, or URL patterns in four shapes.
A \`known\` topic is one of those that a cohort selects, in no order; it goes to that cohort. \`new\` topics were never seen, or so long ago
that the index has forgotten them, and go to nobody.`,
  bars: [
    { what: "500 patterns to one, new topic", of: "500 patterns, new topic", to: "1 pattern, new topic", most: 3 },
    { what: "100,000 exact matchers to 100, known topic", of: "100,000 exact, known topic", to: "100 exact, known topic", most: 30 },
    { what: "500 patterns to one, known topic", of: "500 patterns, known topic", to: "1 pattern, known topic", most: 10 },
  ],
  async prepare() {
    const { MatcherIndex } = /** @type {typeof import("../../packages/hub/src/core/live/matcher-index.ts")} */ (
      await importInner("core/live/matcher-index")
    );
    const { FramedRecord } = /** @type {typeof import("../../packages/hub/src/core/live/frame-ring.ts")} */ (
      await importInner("core/live/frame-ring")
    );
    const unknown = Array.from({ length: NEW_TOPICS }, (_, n) => new FramedRecord(recordOf(newTopic(n))));
    const { parser, cohortOf } = await createCohorts();
    /**
     * @param {string} what
     * @param {number} size
     * @param {(n: number) => { matcher: Matcher, selected: string }} shapeOf
     */
    const sceneOf = (what, size, shapeOf) => {
      const index = new MatcherIndex(parser);
      const known = Array.from({ length: size }, (_, n) => {
        const { matcher, selected } = shapeOf(n);
        const cohort = cohortOf(matcher, 1);
        index.add(cohort);
        index.wake(cohort);
        return { cohort, entry: new FramedRecord(recordOf(selected)) };
      });
      // In the order that they were made in, they would be neighbours in memory, and 100,000 would cost what 100 do.
      const random = seeded(1);
      const shuffled = known
        .map(({ entry }) => ({ entry, at: random() }))
        .toSorted((one, other) => one.at - other.at)
        .map(({ entry }) => entry);
      const [ofKnown, ofNew] = [collector(index, shuffled), collector(index, unknown)];
      return {
        cases: [
          { name: `${what}, known topic`, run: ofKnown.run },
          { name: `${what}, new topic`, run: ofNew.run },
        ],
        verify: () => {
          for (const { cohort, entry } of known) {
            /** @type {Cohort[]} */
            const touched = [];
            index.collect(entry, touched, () => undefined);
            verifyThat(
              touched.length === 1 && touched[0] === cohort && cohort.run[0] === entry,
              `${entry.record.topics[0]} went elsewhere`,
            );
            cohort.run.length = 0;
          }
          const { records, cohorts } = ofKnown.counted;
          verifyThat(cohorts === records, `${records} updates of known topics went to ${cohorts} cohorts`);
          verifyThat(ofNew.counted.cohorts === 0, `updates of new topics went to ${ofNew.counted.cohorts} cohorts`);
        },
      };
    };
    return joinScenes([
      ...EXACT.map((size) => sceneOf(`${figure(size)} exact`, size, exactOf)),
      ...PATTERNS.map((size) => sceneOf(`${figure(size)} pattern${size === 1 ? "" : "s"}`, size, patternOf)),
    ]);
  },
};
