import { logJournal } from "artesian/journals/log";
import { expect, test } from "vitest";
import { temporaryDirectory } from "../../support/directory.ts";
import { message, startChat } from "./support.ts";

test("an answer names its message, also after a restart", async () => {
  const directory = temporaryDirectory("chat");
  const first = await startChat({ journal: await logJournal({ directory }) });
  const room = await first.follow("lobby");
  await first.send("lobby", message({ id: "message-a" }));
  const { at } = await room.message();
  expect((await first.send("lobby", message({ id: "message-b", replyTo: { id: "message-a", at, more: 1 } }))).status).toBe(201);
  expect(await room.message()).toMatchObject({ id: "message-b", replyTo: { id: "message-a", at } });
  await first.stop();
  const second = await startChat({ journal: await logJournal({ directory }) });
  const { messages } = await second.state("lobby");
  expect(messages.map(({ replyTo }) => replyTo)).toEqual([undefined, { id: "message-a", at }]);
});

test.each([null, "message-a", {}, { id: "message-a" }, { id: "", at: 1 }, { id: "x".repeat(81), at: 1 }, { id: "message-a", at: "1" }])(
  "an answer to %j is refused",
  async (replyTo) => {
    const chat = await startChat();
    const refused = await chat.send("lobby", message({ replyTo }));
    expect(await refused.json()).toMatchObject({ status: 400, code: "invalid_message" });
  },
);

test("an update whose answer cannot be read is still a message", async () => {
  const chat = await startChat();
  await chat.publish("lobby", "chat", JSON.stringify({ id: "message-a", nickname: "Ada", text: "x", at: 1, replyTo: { id: 1, at: 2 } }));
  await expect.poll(async () => (await chat.state("lobby")).messages).toEqual([{ id: "message-a", nickname: "Ada", text: "x", at: 1 }]);
});
