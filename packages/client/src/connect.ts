import { openConnection } from "./connection.ts";
import { createLatest, type Latest } from "./latest.ts";
import type { ConnectOptions, Live } from "./live.ts";
import { createMatcher } from "./matcher.ts";
import { checkTypes } from "./names.ts";
import { createQueue, type Queue } from "./queue.ts";
import type { Schema } from "./schema.ts";
import { takeSnapshot } from "./snapshot.ts";
import type { UpdateInput } from "./update.ts";

/**
 * Connects to a hub. One stream serves all topics of the page, and with `share: "tabs"` all tabs. It
 * is opened with the first listener, and reopened at its cursor when the topics change.
 *
 * A hub takes 100 topics and patterns on one stream by default. With more, the connection is
 * `offline` with the hub's reason, until some are removed. Use a pattern for many topics.
 *
 * @param url - The hub's URL. A page may give a relative URL.
 * @throws TypeError for an unusable URL, token or option.
 * @see docs/reference/client.md
 */
export function connect(url: string | URL, options: ConnectOptions = {}): Live {
  checkTypes(options);
  const { maxQueued, maxQueuedLength, maxQueuedMs, onDropped, ...rest } = options;
  const { headers, fetch, onInvalid } = rest;
  let waiting: Queue | undefined;
  const connection = openConnection(url, rest, () => waiting?.wake());
  const { topics, base, hub, tokens, closed, onClosed, listen, onCovered } = connection;
  const queue = (waiting = createQueue(base, tokens, { headers, fetch }, closed, {
    maxQueued,
    maxQueuedLength,
    maxQueuedMs,
    onDropped,
  }));

  return Object.assign(topics, {
    latest<Data>(pattern: string, schema?: Schema<Data>, last = 1000): Latest<Data> {
      checkTypes({ last: Number.isInteger(last) ? last : NaN });
      const matcher = createMatcher(pattern, hub);
      return createLatest(
        listen(matcher),
        schema,
        onInvalid,
        onCovered,
        (stopped) => takeSnapshot(connection, matcher, last, stopped),
        onClosed,
      );
    },
    publish: (update: UpdateInput) => queue.publish(update),
  });
}
