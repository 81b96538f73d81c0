// Cohorts as the dispatcher has them, without a dispatcher.
import { importInner } from "./artesian.mjs";

/** @typedef {import("../../packages/hub/src/core/matching/matcher.ts").Matcher} Matcher */
/** @typedef {import("../../packages/hub/src/core/live/cohort.ts").Cohort} Cohort */
/** @typedef {import("../../packages/hub/src/core/live/subscriber.ts").Subscriber} Subscriber */

const HUB = "http://localhost/.well-known/mercure";

/** A peer that takes everything at once and keeps nothing. @type {import("../../packages/hub/src/core/live/subscriber.ts").Sink} */
export const NULL_SINK = { write: () => true, pendingBytes: () => 0, end: () => undefined, destroy: () => undefined };

/**
 * @returns {Promise<{ parser: import("../../packages/hub/src/core/update/topic.ts").TopicParser, cohortOf: (matcher: Matcher, members: number) => Cohort }>}
 */
export async function createCohorts() {
  const { TopicParser } = /** @type {typeof import("../../packages/hub/src/core/update/topic.ts")} */ (
    await importInner("core/update/topic")
  );
  const { MatcherCompiler } = /** @type {typeof import("../../packages/hub/src/core/matching/matcher.ts")} */ (
    await importInner("core/matching/matcher")
  );
  const { DEFAULT_LIMITS } = /** @type {typeof import("../../packages/hub/src/core/limits.ts")} */ (await importInner("core/limits"));
  const { Selection } = /** @type {typeof import("../../packages/hub/src/core/matching/selection.ts")} */ (
    await importInner("core/matching/selection")
  );
  const { Wire } = /** @type {typeof import("../../packages/hub/src/core/update/wire.ts")} */ (await importInner("core/update/wire"));
  const { Cohort } = /** @type {typeof import("../../packages/hub/src/core/live/cohort.ts")} */ (await importInner("core/live/cohort"));
  const { Subscriber } = /** @type {typeof import("../../packages/hub/src/core/live/subscriber.ts")} */ (
    await importInner("core/live/subscriber")
  );
  const parser = new TopicParser(HUB);
  const compiler = new MatcherCompiler(HUB, DEFAULT_LIMITS);
  const events = {
    joined: () => undefined,
    leaving: () => undefined,
    stalled: () => undefined,
    replays: () => undefined,
    closed: () => undefined,
  };
  return {
    parser,
    cohortOf(matcher, members) {
      const cohort = new Cohort(new Selection(compiler.compileAll([matcher]), [], parser));
      for (let i = 0; i < members; i++) {
        cohort.join(
          new Subscriber({
            cohort,
            sink: NULL_SINK,
            cursor: 0,
            openedAtMs: 0,
            expiresAtMs: Infinity,
            events,
            wire: new Wire(undefined),
          }),
        );
      }
      return cohort;
    },
  };
}
