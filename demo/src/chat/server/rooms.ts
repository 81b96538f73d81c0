import type { Hub } from "artesian";
import type { ChatLogger } from "./options.ts";
import { parseUpdate, type RoomEvent } from "./parse-update.ts";
import { Room } from "./room.ts";
import { isRoomName, readRoom } from "./room-name.ts";
import { type ChatMessage, type ChatPage, roomTopic } from "./wire.ts";

export interface RoomsOptions {
  readonly hub: Hub;
  readonly logger: ChatLogger;
  /** Messages kept for a room. */
  readonly history: number;
  /** Rooms kept. */
  readonly rooms: number;
}

/** A room that is being reread from the journal, and the fold's view of it meanwhile. */
interface Loading {
  readonly room: Promise<Room>;
  readonly meanwhile: RoomEvent[];
}

/** Most rooms that are reread at a time, because rereading a room walks the journal. */
const MAX_LOADING = 4;
/** How far the times of two messages in a row may be in the wrong order, in milliseconds. */
const CLOCK_STEP_MS = 60_000;
const RESTART_MS = { min: 250, max: 10_000 };

/** Too many rooms are being read from the journal. Try again in a second. */
export class RoomsBusyError extends Error {
  override readonly name = "RoomsBusyError";
}

/**
 * The rooms, folded from one subscription to all of them that starts at the first update in the
 * journal. Nothing is stored elsewhere, so a restarted server has the same rooms.
 */
export class Rooms {
  readonly #options: RoomsOptions;
  readonly #rooms = new Map<string, Room>();
  readonly #loading = new Map<string, Loading>();
  readonly #stop = new AbortController();
  readonly #live: Promise<void>;
  #nowLive: () => void = () => {};
  #wasLive = false;
  readonly #running: Promise<void>;
  #lastEventId = "earliest";
  /** Pages of old messages that are being read. */
  #paging = 0;
  /** Whether a room was dropped. Then a missing room may still be in the journal. */
  #dropped = false;

  constructor(options: RoomsOptions) {
    this.#options = options;
    this.#live = new Promise((resolve) => {
      this.#nowLive = resolve;
    });
    this.#running = this.#run();
  }

  /** Resolves when the journal's content from before the start is folded in. */
  get live(): Promise<void> {
    return this.#live;
  }

  /**
   * The id of the last folded update. A subscription from this id sees exactly the following
   * updates.
   */
  get lastEventId(): string {
    return this.#lastEventId;
  }

  get size(): number {
    return this.#rooms.size;
  }

  /**
   * Returns the room, reread from the journal if it was dropped from memory.
   *
   * @throws RoomsBusyError when too many rooms are being read already.
   */
  async room(name: string): Promise<Room> {
    const room = this.#rooms.get(name);
    if (room !== undefined) return this.#keep(room);
    if (!this.#dropped) return this.#keep(new Room(name, this.#options.history));
    const loading = this.#loading.get(name);
    if (loading !== undefined) return await loading.room;
    if (this.#loading.size >= MAX_LOADING) throw new RoomsBusyError("Too many rooms are being read.");
    const meanwhile: RoomEvent[] = [];
    const reading = this.#read(name, meanwhile).finally(() => this.#loading.delete(name));
    this.#loading.set(name, { room: reading, meanwhile });
    return await reading;
  }

  /**
   * Returns the room if it is in memory, or if the journal has nothing of it. Never reads the journal,
   * and keeps no room that nobody entered.
   */
  held(name: string): Room | undefined {
    return this.#rooms.get(name) ?? (this.#dropped ? undefined : new Room(name, this.#options.history));
  }

  /**
   * Reads the messages before one of the room, from the journal.
   *
   * @throws RoomsBusyError when too much is being read already.
   */
  async before(name: string, { id, at }: Pick<ChatMessage, "id" | "at">, count: number): Promise<ChatPage> {
    const room = await this.room(name);
    if (this.#loading.size + this.#paging >= MAX_LOADING) throw new RoomsBusyError("Too many rooms are being read.");
    this.#paging += 1;
    try {
      const start = room.chapters.before(at, count);
      const messages: ChatMessage[] = [];
      let earlier = start !== undefined;
      const seen = new Set<string>();
      for await (const event of this.#replay(name, start?.after ?? "earliest")) {
        if (event.kind !== "message" || seen.has(event.message.id)) continue;
        // The message may be gone from the journal. Those after it are on the page.
        if (event.message.id === id || event.message.at > at + CLOCK_STEP_MS) break;
        seen.add(event.message.id);
        messages.push(room.shown(event.message));
        if (messages.length > count) {
          earlier = true;
          messages.shift();
        }
      }
      return { messages, earlier };
    } finally {
      this.#paging -= 1;
    }
  }

  async close(): Promise<void> {
    this.#stop.abort();
    // Waiting callers get the current state, because the server is leaving.
    this.#nowLive();
    await this.#running;
  }

  /** Makes the room the youngest, and drops the oldest if there are too many. */
  #keep(room: Room): Room {
    this.#rooms.delete(room.name);
    this.#rooms.set(room.name, room);
    if (this.#rooms.size > this.#options.rooms) {
      const [oldest] = this.#rooms.keys();
      if (oldest !== undefined) this.#rooms.delete(oldest);
      this.#dropped = true;
    }
    return room;
  }

  async #read(name: string, meanwhile: RoomEvent[]): Promise<Room> {
    const room = new Room(name, this.#options.history);
    let after: string | undefined;
    for await (const event of this.#replay(name, "earliest")) {
      room.apply(event, after);
      after = event.eventId;
    }
    for (const event of meanwhile) room.apply(event);
    return this.#keep(room);
  }

  /** The room's events in the journal after an event id, up to now. */
  async *#replay(name: string, lastEventId: string): AsyncGenerator<RoomEvent & { readonly eventId: string | undefined }> {
    const reached = new AbortController();
    const signal = AbortSignal.any([reached.signal, this.#stop.signal]);
    try {
      const updates = this.#options.hub.subscribe({
        match: roomTopic(name),
        lastEventId,
        includePrivate: true,
        onLive: () => reached.abort(),
        signal,
      });
      for await (const update of updates) {
        const event = update.private ? parseUpdate(update.type, update.data) : undefined;
        if (event !== undefined) yield { ...event, eventId: update.id };
        if (signal.aborted) return;
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  async #run(): Promise<void> {
    let delayMs = RESTART_MS.min;
    while (!this.#stop.signal.aborted) {
      try {
        await this.#follow(() => {
          delayMs = RESTART_MS.min;
        });
      } catch (error) {
        if (this.#stop.signal.aborted) return;
        this.#options.logger.error({ err: error, delayMs }, "the chat lost its subscription and takes it up again");
      }
      if (this.#stop.signal.aborted) return;
      await waitMs(delayMs, this.#stop.signal);
      delayMs = Math.min(RESTART_MS.max, delayMs * 2);
    }
  }

  async #follow(onProgress: () => void): Promise<void> {
    const { hub, logger } = this.#options;
    const options = {
      matchUrlPattern: "/chat/:room",
      lastEventId: this.#lastEventId,
      includePrivate: true,
      onLive: () => this.#onLive(),
      signal: this.#stop.signal,
    };
    for await (const update of hub.subscribe(options)) {
      onProgress();
      if (update.type === "hub:gap") {
        // Trimmed updates are nowhere else, so the rooms go on without them.
        logger.warn({ gap: update.data }, "updates of the chat were trimmed from the journal before they were read");
        continue;
      }
      const after = this.#lastEventId;
      if (update.id !== undefined) this.#lastEventId = update.id;
      // Public updates are not the chat's, no matter who published them.
      const event = update.private ? parseUpdate(update.type, update.data) : undefined;
      if (event === undefined) continue;
      for (const topic of update.topics) this.#apply(topic, event, after);
    }
  }

  #onLive(): void {
    if (this.#wasLive) return;
    this.#wasLive = true;
    // The writers of these replies are gone, because this process has not started one yet.
    for (const room of this.#rooms.values()) room.dropReplies();
    this.#nowLive();
  }

  #apply(topic: string, event: RoomEvent, after: string): void {
    const name = topic.startsWith("/chat/") ? readRoom(topic.slice("/chat/".length)) : undefined;
    if (name === undefined || !isRoomName(name)) return;
    const meanwhile = this.#loading.get(name)?.meanwhile;
    if (meanwhile !== undefined && meanwhile.push(event) > this.#options.history * 4) meanwhile.shift();
    let room = this.#rooms.get(name);
    if (room === undefined) {
      // After a drop, this room is read whole when somebody enters, never begun in the middle.
      if (this.#dropped) return;
      room = new Room(name, this.#options.history);
    }
    room.apply(event, after);
    this.#keep(room);
  }
}

function waitMs(delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, delayMs);
    signal.addEventListener("abort", done);
  });
}
