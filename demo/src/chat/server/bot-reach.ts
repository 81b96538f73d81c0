import { createHash, randomUUID } from "node:crypto";
import { type Hub, HubError } from "artesian";
import type { HeldUpdate, LaterOutcome } from "./bots/bot.ts";
import { CHAT_TYPES, type ChatMessage, roomTopic } from "./wire.ts";

/** Names a visitor's conversation in a room. It tells a service behind the bot nothing about the visitor. */
export function sessionOf(room: string, visitor: string): string {
  return createHash("sha256").update(`artesian chat session ${room} ${visitor}`).digest("base64url").slice(0, 24);
}

/** How long the bot waits for a first update where none is held, in seconds. */
const WAIT_SECONDS = 3;

interface Poll {
  readonly updates: readonly { readonly topics: readonly string[]; readonly type?: string; readonly data: string }[];
  readonly cursor: string;
}

/**
 * Reads the newest public updates that the hub holds, by a poll. The same request over HTTP has the
 * same answer. Where none are held, a stream and a second poll wait a moment. A publisher may begin
 * only when a stream asks for its topics, as the simulated market does.
 *
 * @param pattern - URL pattern of the topics, or one topic.
 * @param count - Most updates. With `each`, the newest of that many topics.
 * @returns Nothing if the hub lets nobody read without a token.
 */
export async function newestUpdates(hub: Hub, pattern: string, count: number, each?: "each"): Promise<readonly HeldUpdate[]> {
  const poll = async (more: Readonly<Record<string, string>>): Promise<Poll | undefined> => {
    const query = new URLSearchParams({ match_urlpattern: pattern, ...(each === undefined ? {} : { latest: "on" }), ...more });
    const response = await hub.fetch(new Request(`${hub.url}?${query}`, { headers: { Accept: "application/json" } }));
    if (response.ok) return (await response.json()) as Poll;
    await response.body?.cancel();
    return undefined;
  };
  const held = await poll({ last: String(count), wait: "0" });
  if (held === undefined || held.updates.length > 0) return updatesOf(held);
  const stream = await hub.fetch(new Request(`${hub.url}?${new URLSearchParams({ match_urlpattern: pattern })}`));
  try {
    return updatesOf(await poll({ last_event_id: held.cursor, wait: String(WAIT_SECONDS) }));
  } finally {
    await stream.body?.cancel();
  }
}

function updatesOf(answer: Poll | undefined): readonly HeldUpdate[] {
  return (answer?.updates ?? []).map(({ topics, type, data }) => ({ topic: topics[0] ?? "", type, data }));
}

/**
 * Publishes a message of the bot later. The hub keeps it over a restart, and delivers it once.
 *
 * @param most - Most messages that wait in the room.
 * @returns `full` if so many wait, there or in the hub. `unavailable` if the journal keeps none.
 */
export async function sayLater(
  hub: Hub,
  { room, nickname, text, delayMs, most }: { room: string; nickname: string; text: string; delayMs: number; most: number },
): Promise<LaterOutcome> {
  const topic = roomTopic(room);
  let waiting = 0;
  for await (const { update } of hub.scheduled()) if (update.topics.includes(topic) && ++waiting >= most) return "full";
  const message: ChatMessage = { id: `bot-${randomUUID()}`, nickname, text, at: Date.now() + delayMs, bot: true };
  try {
    await hub.publish({ topic, type: CHAT_TYPES.chat, data: JSON.stringify(message), private: true, delayMs });
    return "kept";
  } catch (error) {
    if (error instanceof HubError && error.code === "too_many_scheduled") return "full";
    if (error instanceof TypeError) return "unavailable";
    throw error;
  }
}
