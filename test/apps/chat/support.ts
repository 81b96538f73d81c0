import { createServer } from "node:http";
import { createHub, type Hub, type HubOptions } from "artesian";
import { onTestFinished } from "vitest";
import { CHAT_TOPICS, type Chat, chatIssuer, type ChatKey, type ChatOptions, createChat } from "../../../demo/src/chat/server/index.ts";
import { publicVisitor } from "../../../demo/src/chat/server/names.ts";
import {
  type ChatMessage,
  type ChatPresence,
  type ChatReply,
  type ChatState,
  type ChatToken,
  hereTopic,
  roomTopic,
} from "../../../demo/src/chat/server/wire.ts";
import { listen } from "../../support/server.ts";
import { openStream, type TestStream } from "../../support/stream.ts";

/** What the browsers of two people have in their cookies. */
export const ADA = "secret-of-ada-00000001";
export const GRACE = "secret-of-grace-000001";

export const KEY: ChatKey = { issuer: "https://chat.example", secret: Buffer.alloc(32, 7) };

/** Another issuer that the hub trusts, for publishing too. */
export const BACKEND: ChatKey = { issuer: "https://backend.example", secret: Buffer.alloc(32, 8) };

/** Somebody who opens the room under a nickname. */
export interface Person {
  readonly secret: string;
  readonly nickname: string;
}

export interface TestChat {
  readonly hub: Hub;
  readonly chat: Chat;
  readonly origin: string;
  /** Ends it before the test does, as a stop of the server. */
  stop(): Promise<void>;
  /** What `POST /chat/ROOM/token` answers to the browser with this secret in its cookie. */
  askToken(room: string, secret?: string, address?: string): Promise<Response>;
  /** A token for the room, the same each time. */
  token(room: string, secret?: string): Promise<string>;
  state(room: string): Promise<ChatState>;
  /** @param body - What a page sends, and in `secret` who it is. */
  send(room: string, body: Record<string, unknown>, address?: string): Promise<Response>;
  /** Posts to one of the room's resources, as `send` does. */
  post(room: string, resource: string, body: Record<string, unknown>): Promise<Response>;
  follow(room: string, person?: Person): Promise<RoomStream>;
  /** Opens the room's stream with whatever token and topics. */
  open(token: string | undefined, topics: readonly string[], lastEventId?: string): Promise<TestStream>;
  /** Publishes in the room as the chat does, not through it. */
  publish(room: string, type: string, data: string): Promise<string>;
}

let made = 0;

/** A message that is right in every part but those given. */
export function message(change: Record<string, unknown> = {}): Record<string, unknown> {
  made += 1;
  return { id: `message-${made}`, secret: ADA, nickname: "Ada", text: "Hello", ...change };
}

export async function startChat(options: Partial<ChatOptions> & { journal?: HubOptions["journal"] } = {}): Promise<TestChat> {
  const { journal, ...chatOptions } = options;
  const hub = createHub({
    authorization: {
      issuers: [chatIssuer(options.key ?? KEY), { issuer: BACKEND.issuer, keys: [{ algorithms: ["HS256"], secret: BACKEND.secret }] }],
    },
    anonymous: true,
    anonymousPublish: true,
    reservedTopics: CHAT_TOPICS,
    drainMs: 200,
    journal,
  });
  const chat = createChat({ hub, key: KEY, ...chatOptions });
  const tokens = new Map<string, Promise<string>>();
  const origin = await listen(createServer(hub.handler));
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => (stopped ??= chat.close().then(() => hub.close()));
  onTestFinished(stop);
  async function post(room: string, resource: string, { secret, ...body }: Record<string, unknown>, address?: string): Promise<Response> {
    const headers = { "Content-Type": "application/json", Authorization: `Bearer ${await site.token(room, String(secret))}` };
    return chat.fetch(
      new Request(`http://host/chat/${room}/${resource}`, { method: "POST", headers, body: JSON.stringify(body) }),
      address,
    );
  }
  const site: TestChat = {
    hub,
    chat,
    origin,
    stop,
    askToken: (room, secret, address) =>
      chat.fetch(
        new Request(`http://host/chat/${room}/token`, {
          method: "POST",
          headers: { "Content-Type": "application/json", ...(secret === undefined ? {} : { Cookie: `a=b; artesian_chat=${secret}` }) },
          body: "{}",
        }),
        address,
      ),
    token(room, secret = ADA) {
      const key = `${room} ${secret}`;
      const token = tokens.get(key) ?? site.askToken(room, secret).then(async (response) => ((await response.json()) as ChatToken).token);
      tokens.set(key, token);
      return token;
    },
    async state(room) {
      const headers = { Authorization: `Bearer ${await site.token(room)}` };
      const response = await chat.fetch(new Request(`http://host/chat/${room}/state`, { headers }));
      if (response.status !== 200) throw new Error(`The state answered ${response.status}: ${await response.text()}`);
      return (await response.json()) as ChatState;
    },
    send: (room, body, address) => post(room, "messages", body, address),
    post: (room, resource, body) => post(room, resource, body),
    async follow(room, person) {
      const { lastEventId } = await site.state(room);
      const topics = [roomTopic(decodeURIComponent(room))];
      if (person !== undefined) topics.push(hereTopic(decodeURIComponent(room), publicVisitor(person.secret), person.nickname));
      return new RoomStream(await site.open(await site.token(room, person?.secret), topics, lastEventId));
    },
    open(token, topics, lastEventId) {
      const query = new URLSearchParams(topics.map((topic) => ["match", topic]));
      if (lastEventId !== undefined) query.set("last_event_id", lastEventId);
      const headers: Record<string, string> = token === undefined ? {} : { Authorization: `Bearer ${token}` };
      return openStream(`${origin}/events/stream?${query}`, { headers });
    },
    publish: (room, type, data) => hub.publish({ topic: `/chat/${room}`, type, data, private: true }),
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

  typing(fits: (typing: ChatPresence) => boolean = () => true): Promise<ChatPresence> {
    return this.#next("typing", fits);
  }

  presence(fits: (presence: ChatPresence) => boolean = () => true): Promise<ChatPresence> {
    return this.#next("presence", fits);
  }
}
