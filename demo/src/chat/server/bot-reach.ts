import { createHash, randomUUID } from "node:crypto";
import { type Hub, HubError } from "artesian";
import type { HeldUpdate, LaterOutcome } from "./bots/bot.ts";
import { CHAT_TYPES, type ChatMessage, roomTopic } from "./wire.ts";

/** Names a visitor's conversation in a room. A service behind the bot can't tell the visitor by it. */
export function sessionOf(room: string, visitor: string): string {
  return createHash("sha256").update(`artesian chat session ${room} ${visitor}`).digest("base64url").slice(0, 24);
}

/**
 * Reads the newest public updates that the hub holds, by a poll that waits for nothing. The same
 * request over HTTP has the same answer.
 *
 * @param pattern - URL pattern of the topics, or one topic.
 * @param count - Most updates. With `each`, the newest of that many topics.
 * @returns Nothing if the hub lets nobody read without a token.
 */
export async function newestUpdates(hub: Hub, pattern: string, count: number, each?: "each"): Promise<readonly HeldUpdate[]> {
  const query = new URLSearchParams([
    ["match_urlpattern", pattern],
    ["last", String(count)],
    ["wait", "0"],
    ...(each === undefined ? [] : [["latest", "on"]]),
  ]);
  const response = await hub.fetch(new Request(`${hub.url}?${query}`, { headers: { Accept: "application/json" } }));
  if (!response.ok) return [];
  const { updates } = (await response.json()) as { updates: readonly { topics: readonly string[]; type?: string; data: string }[] };
  return updates.map(({ topics, type, data }) => ({ topic: topics[0] ?? "", type, data }));
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
