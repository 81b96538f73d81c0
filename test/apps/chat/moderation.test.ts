import { logJournal } from "artesian/journals/log";
import { expect, test } from "vitest";
import { publicVisitor } from "../../../demo/src/chat/server/names.ts";
import { type Moderation, OWNER_HEADER } from "../../../demo/src/chat/server/wire.ts";
import { temporaryDirectory } from "../../support/directory.ts";
import { ADA, GRACE, message, startChat, type TestChat } from "./support.ts";

const OWNER = "the-secret-of-the-owner";

async function moderate(
  chat: TestChat,
  wish: Moderation | object,
  secret: string | undefined = OWNER,
): Promise<{ status: number; code?: string }> {
  const response = await chat.chat.fetch(
    new Request("http://host/chat/lobby/moderation", {
      method: "POST",
      headers: { "Content-Type": "application/json", ...(secret === "" ? {} : { [OWNER_HEADER]: secret }) },
      body: JSON.stringify(wish),
    }),
  );
  if (response.status === 204) return { status: 204 };
  const { status, code } = (await response.json()) as { status: number; code: string };
  return { status, code };
}

test("a removed message has no text for new readers, also after a restart and in old pages", async () => {
  const directory = temporaryDirectory("chat");
  const options = { ownerSecret: OWNER, historyPerRoom: 2 };
  const first = await startChat({ ...options, journal: await logJournal({ directory }) });
  const room = await first.follow("lobby");
  for (const id of ["message-a", "message-b", "message-c"]) await first.send("lobby", message({ id, text: `secret of ${id}` }));
  await room.message(({ id }) => id === "message-c");
  for (const remove of ["message-a", "message-b"]) expect(await moderate(first, { remove })).toEqual({ status: 204 });
  await expect.poll(async () => (await first.state("lobby")).messages.map(({ text }) => text)).toEqual(["", "secret of message-c"]);
  await first.stop();

  const second = await startChat({ ...options, journal: await logJournal({ directory }) });
  const { messages } = await second.state("lobby");
  expect(messages).toMatchObject([
    { id: "message-b", text: "", removed: true },
    { id: "message-c", text: "secret of message-c" },
  ]);
  const headers = { Authorization: `Bearer ${await second.token("lobby")}` };
  const query = new URLSearchParams({ before: "message-b", at: String(messages[0]?.at) });
  const page = await second.chat.fetch(new Request(`http://host/chat/lobby/history?${query}`, { headers }));
  const text = await page.text();
  expect(JSON.parse(text)).toMatchObject({ messages: [{ id: "message-a", text: "", removed: true }] });
  expect(text).not.toContain("secret of");
});

test("a muted visitor cannot write, until the mute ends", async () => {
  const chat = await startChat({ ownerSecret: OWNER });
  const before = message({ text: "before" });
  expect((await chat.send("lobby", before)).status).toBe(201);
  const visitor = publicVisitor(ADA);
  expect(await moderate(chat, { mute: visitor })).toEqual({ status: 204 });
  await expect.poll(async () => (await chat.state("lobby")).muted).toEqual([visitor]);
  const refused = await chat.send("lobby", message());
  expect(await refused.json()).toMatchObject({ status: 403, code: "muted" });
  // A retry of what was taken, another room and another visitor.
  expect((await chat.send("lobby", before)).status).toBe(200);
  expect((await chat.send("elsewhere", message())).status).toBe(201);
  expect((await chat.send("lobby", message({ secret: GRACE }))).status).toBe(201);
  expect(await moderate(chat, { unmute: visitor })).toEqual({ status: 204 });
  await expect.poll(async () => (await chat.send("lobby", message())).status).toBe(201);
});

test("only the owner moderates, and in the right form", async () => {
  const chat = await startChat({ ownerSecret: OWNER });
  for (const secret of ["", "wrong", `${OWNER}x`]) {
    expect(await moderate(chat, { remove: "message-a" }, secret)).toEqual({ status: 403, code: "not_owner" });
  }
  for (const wish of [{}, { remove: "" }, { remove: "x".repeat(81) }, { mute: "not a tag" }, { mute: 1 }]) {
    expect(await moderate(chat, wish)).toEqual({ status: 400, code: "invalid_body" });
  }
  const without = await startChat();
  expect(await moderate(without, { remove: "message-a" })).toEqual({ status: 403, code: "not_owner" });
  await expect(startChat({ ownerSecret: "short" })).rejects.toThrow(TypeError);
});
