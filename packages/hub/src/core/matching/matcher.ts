import { HubError } from "../errors.ts";
import type { Limits } from "../limits.ts";
import { atOnce } from "../slices.ts";
import type { TopicParser } from "../update/topic.ts";
import { hasForbiddenCharacter, utf8Length } from "../update/update.ts";
import { compileUriTemplate, type CompiledUriTemplate } from "./uri-template/index.ts";
import { compileUrlPattern, type CompiledUrlPattern, PatternError } from "./url-pattern/index.ts";

/**
 * The kinds of matcher for subscribers. `uritemplate` belongs to Mercure 0.x, and is accepted only
 * while its compatibility is on.
 */
export type MatcherType = "exact" | "urlpattern" | "uritemplate";

/**
 * Selects topics: by the exact topic, a URL pattern, or a URI template. A URI template also selects
 * the topic spelled like the template. The pattern `*` selects every topic, for every type.
 */
export interface Matcher {
  readonly type: MatcherType;
  readonly pattern: string;
}

/** A matcher ready for use. `all` is the reserved `*`. */
export type CompiledMatcher =
  | { readonly kind: "all"; readonly key: string; readonly matcher: Matcher }
  | { readonly kind: "exact"; readonly key: string; readonly matcher: Matcher }
  | { readonly kind: "urlpattern"; readonly key: string; readonly matcher: Matcher; readonly compiled: CompiledUrlPattern }
  | { readonly kind: "uritemplate"; readonly key: string; readonly matcher: Matcher; readonly compiled: CompiledUriTemplate };

/** Matchers that have to be tested, and can't be looked up by the topic. */
export type CompiledPattern = Extract<CompiledMatcher, { kind: "urlpattern" | "uritemplate" }>;

/** Tells whether the matcher selects the topic. Only this function knows how each kind does so. */
export function selectsTopic(matcher: CompiledMatcher, topic: string, parser: TopicParser): boolean {
  switch (matcher.kind) {
    case "all":
      return true;
    case "exact":
      return matcher.matcher.pattern === topic;
    case "urlpattern": {
      const { url } = parser.parse(topic);
      return url !== undefined && matcher.compiled.test(url);
    }
    case "uritemplate":
      return matcher.matcher.pattern === topic || matcher.compiled.test(topic);
  }
}

/**
 * Most weight of one subscription's patterns together. This bounds the time of a request to some 20
 * ms.
 */
const SUBSCRIPTION_WEIGHT = 200_000;
/**
 * Most weight of the remembered patterns. At most 8 MB of tables, which are most of their memory.
 */
const CACHED_WEIGHT = 4_000_000;
const CACHED_PATTERNS = 1024;

/**
 * Compiles matchers, and remembers the recent patterns, because all subscribers of a page ask for
 * the same patterns.
 */
export class MatcherCompiler {
  readonly #hubUrl: string;
  readonly #limits: Limits;
  readonly #patterns = new Map<string, CompiledPattern>();
  #cachedWeight = 0;

  constructor(hubUrl: string, limits: Limits) {
    this.#hubUrl = hubUrl;
    this.#limits = limits;
  }

  /** Does the work of {@link compiling} at once. */
  compileAll(matchers: readonly Matcher[]): readonly CompiledMatcher[] {
    return atOnce(this.compiling(matchers));
  }

  /**
   * @throws HubError `invalid_matcher`, `too_many_matchers` or `missing_matcher`.
   */
  *compiling(matchers: readonly Matcher[]): Generator<undefined, readonly CompiledMatcher[]> {
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
      if (compiled.size > 0) yield;
      const one = this.#compile(matcher);
      compiled.set(one.key, one);
      if (isPattern(one)) weight += one.compiled.weight;
      if (weight > SUBSCRIPTION_WEIGHT) {
        throw new HubError("invalid_matcher", "The subscription's patterns are too complex together. Use fewer, or simpler ones.");
      }
    }
    return [...compiled.values()];
  }

  /**
   * Counts the patterns that have to be compiled first, at some 0.15 ms each.
   *
   * @param keys - See {@link patternKeys}.
   */
  countUnknown(keys: readonly string[]): number {
    return keys.reduce((count, key) => (this.#patterns.has(key) ? count : count + 1), 0);
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
    if (type === "uritemplate") return this.#compileUriTemplate(matcher);
    if (pattern === "*") return { kind: "all", key: type === "exact" ? "*" : "~*", matcher };
    if (type === "exact") return { kind: "exact", key: `=${pattern}`, matcher };
    const key = `~${pattern}`;
    return (
      this.#patterns.get(key) ??
      this.#remember({ kind: "urlpattern", key, matcher, compiled: usable(() => compileUrlPattern(pattern, this.#hubUrl)) })
    );
  }

  /**
   * A URI template has keys of its own, even if it selects the same as another matcher. Presence
   * shows the matcher as asked for.
   */
  #compileUriTemplate(matcher: Matcher): CompiledMatcher {
    const { pattern } = matcher;
    const key = `{${pattern}`;
    if (pattern === "*") return { kind: "all", key, matcher };
    const known = this.#patterns.get(key);
    if (known !== undefined) return known;
    const compiled = usable(() => compileUriTemplate(pattern));
    return compiled === undefined ? { kind: "exact", key, matcher } : this.#remember({ kind: "uritemplate", key, matcher, compiled });
  }

  #remember(pattern: CompiledPattern): CompiledPattern {
    this.#patterns.set(pattern.key, pattern);
    this.#cachedWeight += pattern.compiled.weight;
    for (const [oldest, { compiled }] of this.#patterns) {
      if (this.#cachedWeight <= CACHED_WEIGHT && this.#patterns.size <= CACHED_PATTERNS) break;
      this.#patterns.delete(oldest);
      this.#cachedWeight -= compiled.weight;
    }
    return pattern;
  }
}

/** The keys of the matchers as {@link CompiledPattern}s, without duplicates. */
export function patternKeys(matchers: readonly Matcher[]): readonly string[] {
  const keys = new Set<string>();
  for (const { type, pattern } of matchers) {
    if (type === "urlpattern" && pattern !== "*") keys.add(`~${pattern}`);
    else if (type === "uritemplate" && pattern.includes("{")) keys.add(`{${pattern}`);
  }
  return [...keys];
}

/** Tells whether the matcher has to be tested on each topic. */
export function isPattern(matcher: CompiledMatcher): matcher is CompiledPattern {
  return matcher.kind === "urlpattern" || matcher.kind === "uritemplate";
}

/** Translates a pattern's own error into an error for subscribers. */
function usable<T>(compile: () => T): T {
  try {
    return compile();
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
    throw new HubError("invalid_matcher", error.message, { cause: error.cause });
  }
}
