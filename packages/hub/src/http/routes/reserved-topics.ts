import { HubError } from "../../core/errors.ts";
import type { HubCore } from "../../core/hub-core.ts";
import type { Limits } from "../../core/limits.ts";
import { type CompiledMatcher, type Matcher, MatcherCompiler } from "../../core/matching/matcher.ts";
import { matchesAny } from "../../core/matching/selection.ts";
import { TopicParser } from "../../core/update/topic.ts";
import type { UpdateInput } from "../../core/update/update.ts";

/** Most topics that stay parsed, in each of two generations. */
const PARSED_TOPICS = 16 * 1024;

/**
 * Topics that only the hub's own process publishes. Subscribers see topics and data, and never the
 * sender. So without this check every publisher could pose as an application in the process.
 */
export class ReservedTopics {
  readonly #matchers: readonly CompiledMatcher[];
  readonly #parser: TopicParser;
  readonly #limits: Limits;

  /** @throws HubError `invalid_matcher` for an unusable matcher. */
  constructor(matchers: readonly Matcher[], { url, limits }: Pick<HubCore, "url" | "limits">) {
    this.#matchers = matchers.length === 0 ? [] : new MatcherCompiler(url, limits).compileAll(matchers);
    // The cache is small, because topics here are unchecked and strangers could fill it.
    this.#parser = new TopicParser(url, PARSED_TOPICS);
    this.#limits = limits;
  }

  /**
   * @throws HubError `reserved_topic` if one of the updates has a reserved topic, even beside
   *   others.
   */
  check(updates: readonly UpdateInput[]): void {
    const { topicBytes, topicsPerUpdate, topicsPerBatch, updatesPerBatch } = this.#limits;
    // Oversized input is refused elsewhere in a moment, and must not be parsed here.
    if (this.#matchers.length === 0 || updates.length > updatesPerBatch) return;
    let count = 0;
    for (const { topic } of updates) {
      const all = typeof topic === "string" ? [topic] : topic;
      count += all.length;
      if (all.length > topicsPerUpdate || count > topicsPerBatch) return;
      const topics = all.filter((one) => one.length <= topicBytes);
      if (matchesAny(this.#matchers, topics, this.#parser)) {
        throw new HubError("reserved_topic", "Only the hub's own process publishes on this topic. Choose another.");
      }
    }
  }
}
