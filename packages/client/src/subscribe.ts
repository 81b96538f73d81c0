import type { ClientEvent } from "./event-parser.ts";
import type { FollowOptions } from "./follow-options.ts";
import { createFollower } from "./follower.ts";
import { checkTypes } from "./names.ts";
import { resolveUrl } from "./url.ts";

/** Options of `subscribe`. */
export interface SubscribeOptions extends FollowOptions {
  /** Topics, each compared exactly. `*` is every topic. Without any matcher, the hub decides. */
  readonly match?: string | readonly string[];
  /** URL patterns that select topics. */
  readonly matchUrlPattern?: string | readonly string[];
}

/** An endless iteration of events that reconnects by itself. */
export interface Subscription extends AsyncIterable<ClientEvent> {
  /**
   * The cursor after which a later subscription should resume. Undefined before the first is known.
   */
  readonly lastEventId: string | undefined;
}

/**
 * Subscribes to an event stream, with resumption. Each matching update is yielded once and in
 * order, or a `hub:gap` event says that some are no longer held. The client acts on `hub:cursor`,
 * `hub:expiring` and `hub:drain` and does not yield them.
 *
 * The subscription pulls: the next bytes are read after the consumer took the earlier events. A
 * slow consumer slows the stream down and does not fill the memory. Leaving the loop closes the
 * stream, and so does the iterator's `return()`, also while `next()` waits. A new iteration resumes
 * there.
 *
 * @param url - The hub's URL. A page may give a relative URL.
 * @throws TypeError for an unusable URL, token or option.
 * @throws ClientError, from the iteration, when the server refuses permanently. That is 4xx except
 *   408 and 429, or an answer that is no event stream. With a token function, 401 is final after
 *   two new tokens in a row. Once a stream was open, only the hub's own refusals throw at once. See
 *   `giveUpAfterMs`.
 * @see docs/reference/protocol.md
 */
export function subscribe(url: string | URL, options: SubscribeOptions = {}): Subscription {
  checkTypes(options);
  const { match, matchUrlPattern, ...rest } = options;
  const target = resolveUrl(url);
  for (const [name, values = []] of [
    ["match", match],
    ["match_urlpattern", matchUrlPattern],
  ] as const)
    for (const value of [values].flat()) target.searchParams.append(name, value);
  return createFollower(target, rest);
}
