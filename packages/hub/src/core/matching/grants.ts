import { type Authorization, invalidToken, type SubscribeGrant } from "./authorization.ts";
import type { CompiledMatcher, Matcher, MatcherCompiler } from "./matcher.ts";
import { matchesAny } from "./selection.ts";
import type { TopicParser } from "../update/topic.ts";

const NONE: readonly CompiledMatcher[] = [];

/** Turns what tokens allow into matchers, once for each token, and decides what may be published. */
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
   * Whether a token allows publishing to every one of the topics: one that it does not name keeps the update from all.
   *
   * @throws HubError `invalid_token` where its grants cannot be evaluated.
   */
  mayPublish(authorization: Authorization, topics: readonly string[]): boolean {
    const grants = this.#compile(this.#publish, authorization, authorization.publish);
    return topics.every((topic) => matchesAny(grants, [topic], this.#parser));
  }

  /**
   * The topics whose private updates a token allows to receive; none without a token.
   *
   * @throws HubError `invalid_token` where its grants cannot be evaluated.
   */
  readable(authorization: Authorization | undefined): readonly CompiledMatcher[] {
    if (authorization === undefined) return NONE;
    return this.#compile(
      this.#subscribe,
      authorization,
      authorization.subscribe.flatMap((grant) => grant.topics),
    );
  }

  /**
   * What a token says about a subscription: the payload of the first of its details that selects the subscription's matcher, which counts as
   * if it were a topic.
   *
   * @see Mercure, "Payloads".
   */
  payload(authorization: Authorization, matcher: Matcher): unknown {
    const { subscribe } = authorization;
    if (subscribe.every((grant) => grant.payload === undefined)) return authorization.payload;
    return subscribe.find((grant) => this.#selectsMatcher(grant, matcher))?.payload ?? authorization.payload;
  }

  #selectsMatcher(grant: SubscribeGrant, { type, pattern }: Matcher): boolean {
    // A pattern need not match its own text; the same one is meant all the same.
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
        // Acting on a part of them would change in silence what the token allows.
        throw invalidToken(error);
      }
      known.set(authorization, compiled);
    }
    return compiled;
  }
}
