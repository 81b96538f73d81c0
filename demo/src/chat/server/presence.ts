import type { Authorization, Hub } from "artesian";
import { checkNickname } from "./names.ts";
import { isRoomName, readRoom } from "./room-name.ts";
import { type ChatPresence, roomTopic, VISITOR_TAG } from "./wire.ts";

export interface PresenceOptions {
  readonly hub: Hub;
  /** Issuer of the visitors' tokens. Without such a token, nobody counts as present. */
  readonly issuer: string;
  /** Called when the people in a room have changed, at most once in the debounce time. */
  readonly onChange: (room: string, presence: ChatPresence) => void;
  readonly botName: string | undefined;
  readonly debounceMs: number;
  readonly graceMs: number;
  /** Most visitors listed for one room. */
  readonly listed: number;
  /** Most visitors followed in all rooms. */
  readonly visitors: number;
}

interface Visit {
  nickname: string;
  /** Open subscriptions. Several tabs of one visitor count once. */
  connections: number;
  leaving: ReturnType<typeof setTimeout> | undefined;
}

interface RoomVisits {
  readonly visits: Map<string, Visit>;
  telling: ReturnType<typeof setTimeout> | undefined;
  /** The last published presence, as sent. */
  told: string | undefined;
}

interface Place {
  readonly room: string;
  readonly visitor: string;
  readonly nickname: string;
}

/** Whether a token of the chat belongs to this visitor and this room. */
function isOwn({ room, visitor }: Place, { subject, subscribe }: Authorization): boolean {
  const topic = roomTopic(room);
  return subject === visitor && subscribe.some(({ topics }) => topics.some(({ pattern }) => pattern === topic));
}

/** Most rooms in which one subscription can be present. A page needs one. */
const MAX_PLACES = 4;

/**
 * The people in the rooms, derived from the open subscriptions alone. A page subscribes to
 * `/chat/ROOM/here/VISITOR/NICKNAME` beside the room, and its presence lasts as long as the
 * connection. So nobody polls, nothing expires, and the reconnections after a crash of the server
 * rebuild the presence. Anyone may request this topic, but it counts only with that visitor's
 * token.
 */
export class Presence {
  readonly #options: PresenceOptions;
  readonly #rooms = new Map<string, RoomVisits>();
  readonly #places = new Map<string, readonly Place[]>();
  readonly #stopObserving: () => void;
  readonly #settledAt: number;
  #visitors = 0;

  constructor(options: PresenceOptions) {
    this.#options = options;
    this.#settledAt = performance.now() + options.graceMs;
    this.#stopObserving = options.hub.observe({
      subscribed: ({ id, matchers, authorization }) => {
        if (authorization?.issuer !== options.issuer) return;
        const places: Place[] = [];
        for (const { type, pattern } of matchers) {
          const place = type === "exact" ? this.#parse(pattern) : undefined;
          if (place !== undefined && isOwn(place, authorization) && places.length < MAX_PLACES && this.#enter(place)) places.push(place);
        }
        if (places.length > 0) this.#places.set(id, places);
      },
      unsubscribed: ({ id }) => {
        for (const place of this.#places.get(id) ?? []) this.#leave(place);
        this.#places.delete(id);
      },
    });
  }

  /** The people in the room, in order of arrival. */
  in(room: string): ChatPresence {
    const visits = this.#rooms.get(room)?.visits;
    const visitors = [];
    for (const [visitor, { nickname }] of visits ?? []) {
      if (visitors.length === this.#options.listed) break;
      visitors.push({ nickname, visitor });
    }
    return { visitors, total: visits?.size ?? 0 };
  }

  /** Whether the visitors from before the server's start have had the time to come back. */
  get settled(): boolean {
    return performance.now() >= this.#settledAt;
  }

  /** Whether anybody but this visitor is in the room. */
  othersThan(visitor: string, room: string): boolean {
    const visits = this.#rooms.get(room)?.visits;
    return visits !== undefined && visits.size > (visits.has(visitor) ? 1 : 0);
  }

  close(): void {
    this.#stopObserving();
    for (const { visits, telling } of this.#rooms.values()) {
      clearTimeout(telling);
      for (const { leaving } of visits.values()) clearTimeout(leaving);
    }
    this.#rooms.clear();
    this.#places.clear();
  }

  #parse(pattern: string): Place | undefined {
    const [empty, chat, encodedRoom = "", here, visitor = "", encoded = "", ...rest] = pattern.split("/");
    if (empty !== "" || chat !== "chat" || here !== "here" || rest.length > 0) return undefined;
    const room = readRoom(encodedRoom);
    if (room === undefined || !isRoomName(room) || !VISITOR_TAG.test(visitor)) return undefined;
    let nickname: string;
    try {
      nickname = decodeURIComponent(encoded);
    } catch {
      // Not percent-encoded as a page of ours does.
      return undefined;
    }
    const checked = checkNickname(nickname, this.#options.botName);
    return checked.ok ? { room, visitor, nickname: checked.text } : undefined;
  }

  #enter({ room, visitor, nickname }: Place): boolean {
    const known = this.#rooms.get(room)?.visits.get(visitor);
    if (known !== undefined) {
      clearTimeout(known.leaving);
      known.leaving = undefined;
      known.connections += 1;
      known.nickname = nickname;
    } else {
      if (this.#visitors >= this.#options.visitors) return false;
      this.#visitors += 1;
      const visits = this.#rooms.get(room) ?? { visits: new Map(), telling: undefined, told: undefined };
      this.#rooms.set(room, visits);
      visits.visits.set(visitor, { nickname, connections: 1, leaving: undefined });
    }
    this.#tellSoon(room);
    return true;
  }

  #leave({ room, visitor }: Place): void {
    const visit = this.#rooms.get(room)?.visits.get(visitor);
    if (visit === undefined) return;
    visit.connections -= 1;
    if (visit.connections > 0) return;
    // Most disconnected visitors are back in a moment, after a reload, a lost network, or the end
    // of a stream's lifetime.
    visit.leaving = setTimeout(() => {
      if (this.#rooms.get(room)?.visits.delete(visitor) === true) this.#visitors -= 1;
      this.#tellSoon(room);
    }, this.#options.graceMs);
  }

  #tellSoon(room: string): void {
    const visits = this.#rooms.get(room);
    if (visits === undefined || visits.telling !== undefined) return;
    visits.telling = setTimeout(() => {
      visits.telling = undefined;
      const presence = this.in(room);
      const text = JSON.stringify(presence);
      if (text !== visits.told) this.#options.onChange(room, presence);
      visits.told = text;
      if (visits.visits.size === 0) this.#rooms.delete(room);
    }, this.#options.debounceMs);
  }
}
