import { isRoomName, readRoom } from "./room-name.ts";

/** The resources of a room, below its path. */
const RESOURCES = ["token", "state", "messages", "history", "unread", "typing", "reactions", "moderation", "bot"] as const;

/** Finds the room and the resource of a path of the chat. */
export function parsePath(pathname: string): { room: string; resource: (typeof RESOURCES)[number] } | undefined {
  const [empty, chat, encoded = "", resource, ...rest] = pathname.split("/");
  const room = readRoom(encoded);
  if (empty !== "" || chat !== "chat" || rest.length > 0 || room === undefined || !isRoomName(room)) return undefined;
  const known = RESOURCES.find((one) => one === resource);
  return known === undefined ? undefined : { room, resource: known };
}
