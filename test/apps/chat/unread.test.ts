import { expect, test } from "vitest";
import type { ChatUnread } from "../../../demo/src/chat/server/wire.ts";
import { ADA, GRACE, message, startChat, type TestChat } from "./support.ts";

function ask(chat: TestChat, seen: readonly string[], headers: Record<string, string>): Promise<Response> {
  const query = new URLSearchParams(seen.map((value) => ["seen", value]));
  return chat.chat.fetch(new Request(`http://host/chat/lobby/unread?${query}`, { headers }));
}

async function askAs(chat: TestChat, secret: string, ...seen: string[]): Promise<Response> {
  return ask(chat, seen, { Authorization: `Bearer ${await chat.token("lobby", secret)}` });
}

async function unread(chat: TestChat, secret: string, ...seen: string[]): Promise<ChatUnread["unread"]> {
  const response = await askAs(chat, secret, ...seen);
  expect(response.status).toBe(200);
  return ((await response.json()) as ChatUnread).unread;
}

const PATIENT = { limits: { pagesPerVisitor: { burst: 1000, perSecond: 1000 } } };

test("others' messages after the one seen are counted, in rooms of any script", async () => {
  const chat = await startChat(PATIENT);
  for (const [id, secret] of [
    ["one-one-1", ADA],
    ["two-two-2", GRACE],
    ["three-33", GRACE],
    ["four-444", ADA],
  ] as const) {
    expect((await chat.send(encodeURIComponent("会议室"), message({ id, secret }))).status).toBe(201);
  }
  await chat.send("tea", message({ id: "tea-tea-1", secret: GRACE }));
  await expect.poll(() => unread(chat, ADA, "会议室/")).toEqual({ 会议室: 2 });
  expect(await unread(chat, ADA, "会议室/two-two-2", "tea/", "empty/")).toEqual({ 会议室: 1, tea: 1, empty: 0 });
  expect(await unread(chat, ADA, "会议室/four-444")).toEqual({ 会议室: 0 });
  expect(await unread(chat, GRACE, "会议室/", "tea/")).toEqual({ 会议室: 2, tea: 0 });
  await chat.publish(encodeURIComponent("会议室"), "removed", JSON.stringify({ id: "three-33" }));
  await expect.poll(() => unread(chat, ADA, "会议室/one-one-1")).toEqual({ 会议室: 1 });
});

test("no more messages are counted than a room holds", async () => {
  const chat = await startChat({ ...PATIENT, historyPerRoom: 5 });
  const ids = Array.from({ length: 12 }, (_, i) => `message-${i}`);
  for (const id of ids) await chat.publish("tea", "chat", JSON.stringify({ id, nickname: "Curl", text: "Hello", at: Date.now() }));
  await expect.poll(() => unread(chat, ADA, `tea/${ids[0]}`)).toEqual({ tea: 5 });
  await expect.poll(() => unread(chat, ADA, `tea/${ids[11]}`)).toEqual({ tea: 0 });
  expect(await unread(chat, ADA, `tea/${ids[9]}`)).toEqual({ tea: 2 });
});

test("a room that is not in memory is left out, and is not read", async () => {
  const chat = await startChat({ ...PATIENT, rooms: 2 });
  for (const room of ["a", "b", "c"]) await chat.send(room, message({ secret: GRACE }));
  await expect.poll(() => unread(chat, ADA, "a/", "c/")).toEqual({ c: 1 });
  // Asking for rooms that nobody entered pushes none out.
  await unread(chat, ADA, "x/", "y/", "z/");
  expect(await unread(chat, ADA, "c/")).toEqual({ c: 1 });
});

test("a count is for visitors, of ten rooms with names, and not too often", async () => {
  const chat = await startChat({ limits: { pagesPerVisitor: { burst: 1, perSecond: 0.1 } } });
  expect((await ask(chat, ["tea/"], {})).status).toBe(401);
  const wrong = [["tea"], ["Tea/"], ["/x"], ["te a/x"], ["__proto__/x"], [`tea/${"x".repeat(81)}`], Array(11).fill("tea/")];
  for (const seen of wrong) {
    expect(await (await askAs(chat, ADA, ...(seen as string[]))).json()).toMatchObject({ status: 400, code: "invalid_query" });
  }
  expect(await unread(chat, ADA, ...(Array(10).fill("constructor/") as string[]))).toEqual({ constructor: 0 });
  const second = await askAs(chat, ADA, "tea/");
  expect(await second.json()).toMatchObject({ status: 429, code: "too_many_pages" });
  expect(Number(second.headers.get("Retry-After"))).toBeGreaterThan(0);
  const token = await chat.token("lobby");
  const posted = await chat.chat.fetch(
    new Request("http://host/chat/lobby/unread", { method: "POST", headers: { Authorization: `Bearer ${token}` } }),
  );
  expect(posted.status).toBe(405);
});
