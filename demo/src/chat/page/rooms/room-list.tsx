import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { roomPath } from "../../server/room-name.ts";
import { roomsTexts } from "./texts.ts";
import { type FetchUnread, useRooms } from "./use-rooms.ts";

/** Largest number that is shown in full. */
const MAX_SHOWN = 99;

interface RoomListProps {
  readonly room: string;
  readonly fetchUnread: FetchUnread;
  /** Called with the number of unread messages in other rooms, all together. */
  readonly onUnread: (count: number) => void;
}

/** The rooms that the visitor was in, each with its unread messages. */
export function RoomList({ room, fetchUnread, onUnread }: RoomListProps): ComponentChildren {
  const rooms = useRooms(room, fetchUnread);
  const texts = roomsTexts();
  const sum = rooms.reduce((count, { unread }) => count + unread, 0);
  useEffect(() => onUnread(sum), [sum]);

  return (
    <nav class="rooms" aria-labelledby="rooms-title" data-testid="rooms">
      <h2 id="rooms-title">{texts.heading}</h2>
      <ul>
        {rooms.map(({ name, unread }) => (
          <li key={name}>
            <a href={roomPath(name)} aria-current={name === room ? "page" : undefined} data-testid="room">
              <span class="room-label">{name}</span>
              {name === room && <span class="tag">{texts.current}</span>}
              {unread > 0 && (
                <span class="unread-count">
                  <span data-testid="unread">{unread > MAX_SHOWN ? `${MAX_SHOWN}+` : unread}</span>
                  <span class="visually-hidden"> {texts.unread(unread)}</span>
                </span>
              )}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}
