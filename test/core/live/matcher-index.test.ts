import { fc, test } from "@fast-check/vitest";
import type { Matcher } from "artesian";
import { URLPattern } from "urlpattern-polyfill/urlpattern";
import { describe, expect } from "vitest";
import { Cohort } from "../../../packages/hub/src/core/live/cohort.ts";
import { FramedRecord } from "../../../packages/hub/src/core/live/frame-ring.ts";
import type { JournalRecord } from "../../../packages/hub/src/core/journal/journal.ts";
import { DEFAULT_LIMITS } from "../../../packages/hub/src/core/limits.ts";
import { MatcherCompiler } from "../../../packages/hub/src/core/matching/matcher.ts";
import { MatcherIndex } from "../../../packages/hub/src/core/live/matcher-index.ts";
import { Selection } from "../../../packages/hub/src/core/matching/selection.ts";
import type { Subscriber } from "../../../packages/hub/src/core/live/subscriber.ts";
import { TopicParser } from "../../../packages/hub/src/core/update/topic.ts";

const HUB = "https://hub.example/.well-known/mercure";
const PATTERNS = ["/a", "/a/:b", "/a{/:b}?", "/:x/b", "/a/*", "https://hub.example/a/1", "https\\://*.example/a/:b", "/:x(\\d+)", "*"];
const TOPICS = [
  "/a",
  "a",
  "/a/1",
  "/a/b",
  "/a/b/c",
  "/12",
  "https://hub.example/a/1",
  "https://other.example/a/1",
  "not a url: %",
  "urn:a:1",
];

const matcher: fc.Arbitrary<Matcher> = fc.oneof(
  fc.record({ type: fc.constant("exact" as const), pattern: fc.constantFrom(...TOPICS, "*") }),
  fc.record({ type: fc.constant("urlpattern" as const), pattern: fc.constantFrom(...PATTERNS) }),
);
const matchers = fc.array(matcher, { minLength: 1, maxLength: 3 });
const cohort = fc.record({ matchers, grants: fc.array(matcher, { maxLength: 2 }) });
const update = fc.record({ topics: fc.uniqueArray(fc.constantFrom(...TOPICS), { minLength: 1, maxLength: 3 }), private: fc.boolean() });
/** Cohorts come and go between the updates: what is remembered of a topic must go with them. */
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("add" as const), cohort }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("remove" as const), which: fc.nat() }) },
  // Its subscribers leave, or some come again.
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("turn" as const), which: fc.nat() }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("update" as const), update }) },
);

const judged = new Map<string, boolean>();

/** Says it with an independent implementation of URL patterns, which is slow, and looks at one matcher and one topic after the other. */
function selectsNaively({ type, pattern }: Matcher, topic: string): boolean {
  if (pattern === "*" || (type === "exact" && pattern === topic)) return true;
  if (type === "exact" || !URL.canParse(topic, HUB)) return false;
  const key = `${pattern} ${topic}`;
  const isSelected = judged.get(key) ?? new URLPattern(pattern, HUB).test(new URL(topic, HUB).href);
  judged.set(key, isSelected);
  return isSelected;
}

const some = (all: readonly Matcher[], topics: readonly string[]): boolean =>
  all.some((one) => topics.some((topic) => selectsNaively(one, topic)));

interface Present {
  isAwake: boolean;
  readonly cohort: Cohort;
  readonly matchers: readonly Matcher[];
  readonly grants: readonly Matcher[];
}

describe("the index of matchers", () => {
  test.prop([fc.array(step, { maxLength: 40 })], { seed: Number(process.env["SEED"] ?? 2026), numRuns: 1000 })(
    "finds each cohort that an update is for, once, and no other, as cohorts come and go",
    (steps) => {
      const parser = new TopicParser(HUB);
      const compiler = new MatcherCompiler(HUB, DEFAULT_LIMITS);
      const index = new MatcherIndex(parser);
      const present: Present[] = [];
      let offset = 0;
      for (const one of steps) {
        if (one.kind === "add") {
          const grants = one.cohort.grants.length === 0 ? [] : compiler.compileAll(one.cohort.grants);
          const added = new Cohort(new Selection(compiler.compileAll(one.cohort.matchers), grants, parser));
          added.members.push({} as Subscriber);
          index.add(added);
          index.wake(added);
          present.push({ ...one.cohort, cohort: added, isAwake: true });
        } else if (one.kind === "remove") {
          const [removed] = present.splice(one.which % Math.max(present.length, 1), 1);
          if (removed?.isAwake === true) index.rest(removed.cohort);
          if (removed !== undefined) index.remove(removed.cohort);
        } else if (one.kind === "turn") {
          const turned = present[one.which % Math.max(present.length, 1)];
          if (turned === undefined) continue;
          turned.isAwake = !turned.isAwake;
          turned.cohort.members.splice(0);
          if (turned.isAwake) {
            turned.cohort.members.push({} as Subscriber);
            index.wake(turned.cohort);
          } else index.rest(turned.cohort);
        } else {
          const { topics, private: isPrivate } = one.update;
          const record: JournalRecord = {
            offset: ++offset,
            at: 0,
            topics,
            data: "",
            id: undefined,
            type: undefined,
            retry: undefined,
            private: isPrivate,
          };
          const touched: Cohort[] = [];
          index.collect(new FramedRecord(record), touched, () => undefined);
          // By their places: to compare the cohorts themselves in depth takes for ever.
          const places = present.map((_, place) => place);
          const wanted = places.filter((place) => {
            const { matchers: asked, grants, isAwake } = present[place] as Present;
            return isAwake && some(asked, topics) && (!isPrivate || some(grants, topics));
          });
          expect(touched.map((each) => present.findIndex(({ cohort: other }) => other === each)).toSorted((a, b) => a - b)).toEqual(wanted);
          expect(places.filter((place) => present[place]?.isAwake === true && present[place].cohort.selection.selects(record))).toEqual(
            wanted,
          );
          expect(places.filter((place) => present[place]?.cohort.run.length === 1)).toEqual(wanted);
          for (const each of touched) each.run.length = 0;
        }
      }
    },
  );
});
