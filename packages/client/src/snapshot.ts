import type { Connection } from "./connection.ts";
import type { ClientEvent } from "./event-parser.ts";
import type { Matcher } from "./matcher.ts";
import { sleep } from "./waits.ts";

/** Shortest time between the parts of a snapshot, from the second on, in milliseconds. */
const PART_MS = 50;

/**
 * Asks for the newest update of each topic.
 *
 * @param last - Most topics.
 * @throws ClientError if the hub refuses or cannot be reached.
 */
export async function takeSnapshot(
  { base, relay, ask }: Pick<Connection, "base" | "relay" | "ask">,
  { param, value }: Matcher,
  last: number,
  stopped: AbortSignal,
): Promise<readonly ClientEvent[]> {
  const url = new URL(base);
  for (const [key, text] of [
    [param, value],
    ["latest", "on"],
    ["last", `${last}`],
  ] as const)
    url.searchParams.append(key, text);
  const mark = relay.mark();
  const events: ClientEvent[] = [];
  // An answer has a part of a large snapshot. The stream brings the updates after the mark.
  for (let cursor: string | undefined; ;) {
    const answer = await ask(url, cursor, stopped);
    events.push(...answer.events);
    // Updates up to the mark are of different topics. A server whose cursors never end has no more.
    if (answer.events.length === 0 || events.length > last || answer.cursor === cursor || relay.isSince(answer.cursor, mark)) return events;
    if (cursor !== undefined) await sleep(PART_MS, stopped);
    ({ cursor } = answer);
  }
}
