/** Most characters (code points) of a room's name. */
export const MAX_ROOM_NAME = 40;

/** Letters, marks and digits of any script, and hyphens between them. */
const ROOM_NAME = new RegExp(String.raw`^(?=[\p{L}\p{N}])[\p{L}\p{M}\p{N}-]{1,${MAX_ROOM_NAME}}(?<!-)$`, "u");

/** The one form of a room's name: composed (NFC), in lower case. */
export function normalRoom(name: string): string {
  return name.normalize("NFC").toLowerCase().normalize("NFC");
}

/** Whether a text is a room's name, in its one form. */
export function isRoomName(name: string): boolean {
  return ROOM_NAME.test(name) && normalRoom(name) === name;
}

/** Path of a room, which is also its topic. Percent-encoded, as a browser sends it. */
export function roomPath(room: string): string {
  return `/chat/${encodeURIComponent(room)}`;
}

/** Reads a room's name in a path. Undefined if there is none. The name may be in another form. */
export function readRoom(encoded: string): string | undefined {
  try {
    const name = decodeURIComponent(encoded);
    return ROOM_NAME.test(name) ? name : undefined;
  } catch {
    // Broken percent-encoding.
    return undefined;
  }
}
