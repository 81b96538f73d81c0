import { HubError } from "./errors.ts";
import type { Limits } from "./limits.ts";
import { hasForbiddenCharacter, utf8Length } from "./update.ts";
import { compileUrlPattern, type CompiledUrlPattern } from "./url-pattern/index.ts";

/** The kinds of matcher that subscribers may use. */
export type MatcherType = "exact" | "urlpattern";

/** What selects topics: the topic itself, or a URL pattern. The pattern `*` selects every topic, whatever the type. */
export interface Matcher {
  readonly type: MatcherType;
  readonly pattern: string;
}

/** A matcher ready for use. `all` is the reserved `*`. */
export type CompiledMatcher =
  | { readonly kind: "all"; readonly key: string; readonly matcher: Matcher }
  | { readonly kind: "exact"; readonly key: string; readonly matcher: Matcher }
  | { readonly kind: "urlpattern"; readonly key: string; readonly matcher: Matcher; readonly compiled: CompiledUrlPattern };

/** Most weight of one subscription's URL patterns together: it bounds the time that a request can take, to some 20 ms. */
const SUBSCRIPTION_WEIGHT = 200_000;
/** Most weight of the patterns that are remembered, at most 8 MB of tables, and most of them. */
const CACHED_WEIGHT = 4_000_000;
const CACHED_PATTERNS = 1024;

/** Compiles matchers, and remembers the recent URL patterns: a page's subscribers all ask for the same ones. */
export class MatcherCompiler {
  readonly #hubUrl: string;
  readonly #limits: Limits;
  readonly #patterns = new Map<string, CompiledUrlPattern>();
  #cachedWeight = 0;

  constructor(hubUrl: string, limits: Limits) {
    this.#hubUrl = hubUrl;
    this.#limits = limits;
  }

  /**
   * @throws HubError `invalid_matcher`, `too_many_matchers` or `missing_matcher`.
   */
  compileAll(matchers: readonly Matcher[]): readonly CompiledMatcher[] {
    if (matchers.length === 0) {
      throw new HubError(
        "missing_matcher",
        "The subscription selects nothing. Add `match=TOPIC` or `match_urlpattern=PATTERN`, or `match=*` for every topic.",
      );
    }
    const { matchersPerSubscription } = this.#limits;
    if (matchers.length > matchersPerSubscription) {
      throw new HubError(
        "too_many_matchers",
        `The subscription has ${matchers.length} matchers; at most ${matchersPerSubscription} are allowed. A URL pattern can select many topics.`,
      );
    }
    const compiled = new Map<string, CompiledMatcher>();
    let weight = 0;
    for (const matcher of matchers) {
      const one = this.#compile(matcher);
      compiled.set(one.key, one);
      if (one.kind === "urlpattern") weight += one.compiled.weight;
      if (weight > SUBSCRIPTION_WEIGHT) {
        throw new HubError("invalid_matcher", "The subscription's URL patterns are too complex together. Use fewer, or simpler ones.");
      }
    }
    return [...compiled.values()];
  }

  #compile(matcher: Matcher): CompiledMatcher {
    const { type, pattern } = matcher;
    if (pattern === "") throw new HubError("invalid_matcher", "A matcher is empty. Give it a topic, a URL pattern, or `*`.");
    if (utf8Length(pattern) > this.#limits.topicBytes) {
      throw new HubError("invalid_matcher", `A matcher is longer than ${this.#limits.topicBytes} bytes.`);
    }
    if (hasForbiddenCharacter(pattern)) {
      throw new HubError("invalid_matcher", "A matcher has a control or invisible format character. Remove it.");
    }
    if (pattern === "*") return { kind: "all", key: "*", matcher };
    if (type === "exact") return { kind: "exact", key: `=${pattern}`, matcher };
    return { kind: "urlpattern", key: `~${pattern}`, matcher, compiled: this.#compileUrlPattern(pattern) };
  }

  #compileUrlPattern(pattern: string): CompiledUrlPattern {
    let compiled = this.#patterns.get(pattern);
    if (compiled === undefined) {
      compiled = compileUrlPattern(pattern, this.#hubUrl);
      this.#patterns.set(pattern, compiled);
      this.#cachedWeight += compiled.weight;
      for (const [oldest, { weight }] of this.#patterns) {
        if (this.#cachedWeight <= CACHED_WEIGHT && this.#patterns.size <= CACHED_PATTERNS) break;
        this.#patterns.delete(oldest);
        this.#cachedWeight -= weight;
      }
    }
    return compiled;
  }
}
