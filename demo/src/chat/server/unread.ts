import { MAX_ID_LENGTH } from "./parse-update.ts";
import { problem } from "./problem.ts";
import { isRoomName } from "./room-name.ts";
import type { Room } from "./room.ts";
import type { Rooms } from "./rooms.ts";
import { type ChatUnread, SEEN_ROOMS, type SeenRoom } from "./wire.ts";

/** Reads the rooms of a query, each as `seen=ROOM/ID`. @returns The refusal if they cannot be used. */
export function readSeenRooms({ searchParams }: URL): readonly SeenRoom[] | Response {
  const given = searchParams.getAll("seen");
  const seen = given.map((value) => {
    const slash = value.indexOf("/");
    return { room: value.slice(0, Math.max(slash, 0)), id: value.slice(slash + 1) };
  });
  if (given.length <= SEEN_ROOMS && seen.every(({ room, id }) => isRoomName(room) && id.length <= MAX_ID_LENGTH)) return seen;
  return problem("invalid_query", `Name at most ${SEEN_ROOMS} rooms as \`seen=ROOM/ID\`, each with the id of the last message seen.`);
}

/** Counts the messages in memory that a visitor has not seen. */
export function countUnread(seen: readonly SeenRoom[], rooms: Pick<Rooms, "held">, visitor: string): ChatUnread {
  const counts = seen.flatMap(({ room, id }) => {
    const held = rooms.held(room);
    return held === undefined ? [] : [[room, countAfter(held, id, visitor)] as const];
  });
  return { unread: Object.fromEntries(counts) };
}

/** Counts others' messages after one. If that one is no longer in memory, all messages count. */
function countAfter({ messages }: Room, id: string, visitor: string): number {
  const seenAt = messages.findLastIndex((message) => message.id === id);
  return messages.slice(seenAt + 1).filter((message) => message.visitor !== visitor && message.removed !== true).length;
}
