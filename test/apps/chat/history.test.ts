import { memoryJournal } from "artesian/journals/memory";
import { expect, test } from "vitest";
import { Chapters } from "../../../demo/src/chat/server/chapters.ts";
import type { ChatMessage, ChatPage } from "../../../demo/src/chat/server/wire.ts";
import { startChat, type TestChat } from "./support.ts";

const NAME = "会议室";
const TOPIC = encodeURIComponent(NAME);

async function fill(chat: TestChat, count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, (_, i) => `message-${i}`);
  for (const [i, id] of ids.entries()) {
    await chat.publish(TOPIC, "chat", JSON.stringify({ id, nickname: "Ada", text: `text ${i}`, at: 1_000_000 + i * 1000 }));
    // Of another room, between them.
    if (i % 10 === 0) await chat.publish("other", "chat", JSON.stringify({ id, nickname: "Ada", text: "elsewhere", at: i }));
  }
  await expect.poll(async () => (await chat.state(NAME)).messages.at(-1)?.id).toBe(ids.at(-1));
  return ids;
}

async function ask(chat: TestChat, query: Record<string, string>): Promise<Response> {
  const url = `http://host/chat/${TOPIC}/history?${new URLSearchParams(query)}`;
  return chat.chat.fetch(new Request(url, { headers: { Authorization: `Bearer ${await chat.token(NAME)}` } }));
}

async function before(chat: TestChat, { id, at }: ChatMessage): Promise<ChatPage> {
  const response = await ask(chat, { before: id, at: String(at) });
  expect(response.status).toBe(200);
  return (await response.json()) as ChatPage;
}

/** All messages, read a page at a time from the newest. */
async function readAll(chat: TestChat): Promise<string[]> {
  const { messages, earlier } = await chat.state(NAME);
  let all = [...messages];
  for (let isMore = earlier; isMore;) {
    const page = await before(chat, all[0] as ChatMessage);
    expect(page.messages.length).toBeLessThanOrEqual(30);
    all = [...page.messages, ...all];
    isMore = page.earlier && page.messages.length > 0;
  }
  return all.map(({ id }) => id);
}

const LIMITS = { messagesPerPage: 30, pagesPerVisitor: { burst: 100, perSecond: 1 } };

test("a room is read back to its first message, a page at a time", async () => {
  const chat = await startChat({ historyPerRoom: 20, limits: LIMITS });
  const ids = await fill(chat, 450);
  expect(await readAll(chat)).toEqual(ids);
});

test("a room is read back to the first message that the journal holds", async () => {
  const chat = await startChat({ historyPerRoom: 20, limits: LIMITS, journal: memoryJournal({ retention: { maxCount: 200 } }) });
  const ids = await fill(chat, 400);
  const read = await readAll(chat);
  expect(read).toEqual(ids.slice(-read.length));
  expect(read.length).toBeGreaterThan(100);
});

test("a room that was dropped from memory is read back as well", async () => {
  const chat = await startChat({ historyPerRoom: 20, rooms: 1, limits: LIMITS });
  const ids = await fill(chat, 150);
  await chat.state("another");
  expect(await readAll(chat)).toEqual(ids);
});

test("pages of a room are for its visitors, of a message, and not too many", async () => {
  const chat = await startChat({ limits: { pagesPerVisitor: { burst: 1, perSecond: 0.1 } } });
  const anonymous = await chat.chat.fetch(new Request(`http://host/chat/${TOPIC}/history?before=x&at=1`));
  expect(anonymous.status).toBe(401);
  for (const query of [{}, { before: "x" }, { before: "x", at: "y" }]) {
    const response = await ask(chat, query);
    expect(await response.json()).toMatchObject({ status: 400, code: "invalid_query" });
  }
  expect(await (await ask(chat, { before: "unknown", at: "5" })).json()).toEqual({ messages: [], earlier: false });
  const second = await ask(chat, { before: "unknown", at: "5" });
  expect(await second.json()).toMatchObject({ status: 429, code: "too_many_pages" });
});

test("chapters are few, and each page begins early enough", () => {
  const chapters = new Chapters();
  for (let i = 0; i < 100_000; i++) chapters.add(i, String(i));
  for (const at of [50, 5000, 50_000, 99_999]) {
    const from = Number(chapters.before(at, 100)?.after ?? 0);
    expect(at - from).toBeGreaterThanOrEqual(Math.min(at, 100));
    expect(at - from).toBeLessThan(5000);
  }
});
