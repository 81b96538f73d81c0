import { type Authorization, invalidToken, type SubscribeGrant } from "./authorization.ts";
import type { CompiledMatcher, Matcher, MatcherCompiler } from "./matcher.ts";
import { matchesAny } from "./selection.ts";
import type { TopicParser } from "../update/topic.ts";

const NONE: readonly CompiledMatcher[] = [];

/**
 * Turns what tokens allow into matchers, once for each token, and decides what may be published.
 */
export class Grants {
  readonly #compiler: MatcherCompiler;
  readonly #parser: TopicParser;
  readonly #publish = new WeakMap<Authorization, readonly CompiledMatcher[]>();
  readonly #subscribe = new WeakMap<Authorization, readonly CompiledMatcher[]>();
  readonly #topics = new WeakMap<SubscribeGrant, readonly CompiledMatcher[]>();

  constructor(compiler: MatcherCompiler, parser: TopicParser) {
    this.#compiler = compiler;
    this.#parser = parser;
  }

  /**
   * Tells whether a token allows publishing to every topic of the list. One topic without a grant
   * refuses the whole update.
   *
   * @throws HubError `invalid_token` if its grants cannot be evaluated.
   */
  mayPublish(authorization: Authorization, topics: readonly string[]): boolean {
    const grants = this.#compile(this.#publish, authorization, authorization.publish);
    return topics.every((topic) => matchesAny(grants, [topic], this.#parser));
  }

  /**
   * The topics whose private updates a token allows to receive. Empty without a token.
   *
   * @throws HubError `invalid_token` if its grants cannot be evaluated.
   */
  readable(authorization: Authorization | undefined): readonly CompiledMatcher[] {
    if (authorization === undefined) return NONE;
    return this.#compile(
      this.#subscribe,
      authorization,
      authorization.subscribe.flatMap((grant) => grant.topics),
    );
  }

  /** Tells whether a token allows to receive private updates of a topic. */
  mayReceive(authorization: Authorization, topic: string): boolean {
    return matchesAny(this.readable(authorization), [topic], this.#parser);
  }

  /**
   * The presence payload of a subscription: from the token's first grant that selects the
   * subscription's matcher, which counts as if it were a topic.
   *
   * @see Mercure, "Payloads".
   */
  payload(authorization: Authorization, matcher: Matcher): unknown {
    const { subscribe } = authorization;
    if (subscribe.every((grant) => grant.payload === undefined)) return authorization.payload;
    return subscribe.find((grant) => this.#selectsMatcher(grant, matcher))?.payload ?? authorization.payload;
  }

  #selectsMatcher(grant: SubscribeGrant, { type, pattern }: Matcher): boolean {
    // A pattern need not match its own text. The same pattern always counts as selected.
    if (grant.topics.some((topic) => topic.type === type && topic.pattern === pattern)) return true;
    const compiled = this.#topics.get(grant) ?? this.#compiler.compileAll(grant.topics);
    this.#topics.set(grant, compiled);
    return matchesAny(compiled, [pattern], this.#parser);
  }

  #compile(
    known: WeakMap<Authorization, readonly CompiledMatcher[]>,
    authorization: Authorization,
    matchers: readonly Matcher[],
  ): readonly CompiledMatcher[] {
    let compiled = known.get(authorization);
    if (compiled === undefined) {
      try {
        compiled = matchers.length === 0 ? NONE : this.#compiler.compileAll(matchers);
      } catch (error) {
        // Using only a part of the grants would silently change the token's rights.
        throw invalidToken(error);
      }
      known.set(authorization, compiled);
    }
    return compiled;
  }
}
