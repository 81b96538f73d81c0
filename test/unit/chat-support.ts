import { createServer } from "node:http";
import { createHub, type Hub, type HubOptions } from "artesian";
import { onTestFinished } from "vitest";
import { type Chat, type ChatOptions, createChat } from "../../apps/chat/server/index.ts";
import type { ChatMessage, ChatPresence, ChatReply, ChatState } from "../../apps/chat/server/wire.ts";
import { listen } from "../support/server.ts";
import { openStream, type TestStream } from "../support/stream.ts";

export const ADA = "visitor-of-ada-0001";
export const GRACE = "visitor-of-grace-01";

export interface TestChat {
  readonly hub: Hub;
  readonly chat: Chat;
  readonly origin: string;
  /** Ends it before the test does, as a stop of the server. */
  stop(): Promise<void>;
  state(room: string, visitor?: string): Promise<ChatState>;
  send(room: string, body: Record<string, unknown>, address?: string): Promise<Response>;
  follow(room: string, here?: string): Promise<RoomStream>;
}

let made = 0;

/** A message that is right in every part but those given. */
export function message(change: Record<string, unknown> = {}): Record<string, unknown> {
  made += 1;
  return { id: `message-${made}`, visitor: ADA, nickname: "Ada", text: "Hello", ...change };
}

export async function startChat(options: Partial<ChatOptions> & { journal?: HubOptions["journal"] } = {}): Promise<TestChat> {
  const { journal, ...chatOptions } = options;
  const hub = createHub({ anonymousPublish: true, drainMs: 200, journal });
  const chat = createChat({ hub, ...chatOptions });
  const origin = await listen(createServer(hub.handler));
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => (stopped ??= chat.close().then(() => hub.close()));
  onTestFinished(stop);
  const site: TestChat = {
    hub,
    chat,
    origin,
    stop,
    async state(room, visitor) {
      const response = await chat.fetch(new Request(`http://host/chat/${room}/state${visitor === undefined ? "" : `?visitor=${visitor}`}`));
      if (response.status !== 200) throw new Error(`The state answered ${response.status}: ${await response.text()}`);
      return (await response.json()) as ChatState;
    },
    send: (room, body, address) =>
      chat.fetch(
        new Request(`http://host/chat/${room}/messages`, {
          method: "POST",
          headers: { "Content-Type": "application/json" },
          body: JSON.stringify(body),
        }),
        address,
      ),
    async follow(room, here) {
      const { lastEventId } = await site.state(room);
      const query = new URLSearchParams({ match: `/chat/${room}`, last_event_id: lastEventId });
      if (here !== undefined) query.append("match", here);
      return new RoomStream(await openStream(`${origin}/events/stream?${query}`));
    },
  };
  return site;
}

/** What a page sees of a room. */
export class RoomStream {
  readonly #stream: TestStream;
  /** Everything that came, as its type and data. */
  readonly seen: { type: string; data: unknown }[] = [];

  constructor(stream: TestStream) {
    this.#stream = stream;
  }

  close(): void {
    this.#stream.close();
  }

  /** The next update of a type that fits; those before it stay in `seen`. */
  async #next<T>(type: string, fits: (data: T) => boolean): Promise<T> {
    for (;;) {
      const event = await this.#stream.next();
      const data = JSON.parse(event.data) as T;
      this.seen.push({ type: event.event ?? "message", data });
      if (event.event === type && fits(data)) return data;
    }
  }

  message(fits: (message: ChatMessage) => boolean = () => true): Promise<ChatMessage> {
    return this.#next("chat", fits);
  }

  reply(fits: (reply: ChatReply) => boolean = () => true): Promise<ChatReply> {
    return this.#next("reply", fits);
  }

  presence(fits: (presence: ChatPresence) => boolean = () => true): Promise<ChatPresence> {
    return this.#next("presence", fits);
  }
}
