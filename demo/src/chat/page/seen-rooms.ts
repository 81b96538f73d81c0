import { browserStorage } from "artesian-ui/storage.ts";
import { MAX_ID_LENGTH } from "../server/parse-update.ts";
import { isRoomName } from "../server/room-name.ts";
import { SEEN_ROOMS, type SeenRoom } from "../server/wire.ts";

/** Key of the rooms that this browser was in, for all of its tabs. */
export const ROOMS_KEY = "artesian.chat.rooms";

/** The rooms that this browser was in, the last one first, each with the last message seen there. */
export function seenRooms(): readonly SeenRoom[] {
  try {
    const held = JSON.parse(browserStorage.getItem(ROOMS_KEY) ?? "") as readonly Partial<SeenRoom>[];
    return held.filter((seen): seen is SeenRoom => isRoomName(seen.room ?? "") && (seen.id?.length ?? Infinity) <= MAX_ID_LENGTH);
  } catch {
    // Nothing, or not ours.
    return [];
  }
}

/** Remembers that the visitor is in a room. @param id - The newest message there, if the visitor looks at it. */
export function seeRoom(room: string, id?: string): void {
  const seen = seenRooms();
  const before = seen.find((other) => other.room === room);
  if (before !== undefined && (id ?? before.id) === before.id && before === seen[0]) return;
  const others = seen.filter((other) => other !== before);
  const now: SeenRoom = { room, id: id ?? before?.id ?? "" };
  browserStorage.setItem(ROOMS_KEY, JSON.stringify([now, ...others].slice(0, SEEN_ROOMS)));
}
