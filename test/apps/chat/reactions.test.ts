import { logJournal } from "artesian/journals/log";
import { expect, test } from "vitest";
import { publicVisitor } from "../../../demo/src/chat/server/names.ts";
import { Reactions } from "../../../demo/src/chat/server/reactions.ts";
import { temporaryDirectory } from "../../support/directory.ts";
import { ADA, GRACE, message, startChat } from "./support.ts";

const [ADA_TAG, GRACE_TAG] = [publicVisitor(ADA), publicVisitor(GRACE)];

test("a reaction counts once a visitor, can be taken back, and survives a restart", async () => {
  const directory = temporaryDirectory("chat");
  const options = { historyPerRoom: 1, ownerSecret: "the-secret-of-the-owner" };
  const first = await startChat({ ...options, journal: await logJournal({ directory }) });
  for (const id of ["message-a", "message-b"]) await first.send("lobby", message({ id }));
  const react = (change: object): Promise<Response> =>
    first.post("lobby", "reactions", { secret: ADA, id: "message-b", emoji: "👍", on: true, ...change });
  for (const change of [{}, {}, { secret: GRACE }, { emoji: "🎉" }, { emoji: "🎉", on: false }, { emoji: "😢", on: false }]) {
    expect((await react(change)).status).toBe(204);
  }
  expect((await react({ id: "message-a" })).status).toBe(204);
  await first.stop();

  const second = await startChat({ ...options, journal: await logJournal({ directory }) });
  const { messages } = await second.state("lobby");
  expect(messages).toMatchObject([{ id: "message-b", reactions: { "👍": [ADA_TAG, GRACE_TAG], "🎉": [] } }]);
  const headers = { Authorization: `Bearer ${await second.token("lobby")}` };
  const query = new URLSearchParams({ before: "message-b", at: String(messages[0]?.at) });
  const page = await second.chat.fetch(new Request(`http://host/chat/lobby/history?${query}`, { headers }));
  expect(await page.json()).toMatchObject({ messages: [{ id: "message-a", reactions: { "👍": [ADA_TAG] } }] });
  await second.publish("lobby", "removed", JSON.stringify({ id: "message-b" }));
  await expect.poll(async () => (await second.state("lobby")).messages[0]?.removed).toBe(true);
  expect((await second.state("lobby")).messages[0]).not.toHaveProperty("reactions");
  expect((await second.post("lobby", "reactions", { secret: ADA, id: "message-b", emoji: "👍", on: true })).status).toBe(404);
});

test("only reactions that there are, to messages that there are, of visitors who may write", async () => {
  const chat = await startChat({ limits: { perVisitor: { burst: 2, perSecond: 0.001 } } });
  await chat.send("lobby", message({ id: "message-a" }));
  const react = async (change: object): Promise<number> =>
    (await chat.post("lobby", "reactions", { secret: ADA, id: "message-a", emoji: "👍", on: true, ...change })).status;
  for (const change of [{ emoji: "👎" }, { emoji: "constructor" }, { emoji: 1 }, { on: "yes" }, { id: 7 }])
    expect(await react(change)).toBe(400);
  expect(await react({ id: "message-x" })).toBe(404);
  expect(await react({})).toBe(204);
  expect(await react({ emoji: "🎉" })).toBe(429);
  await chat.publish("lobby", "muted", JSON.stringify({ visitor: GRACE_TAG, muted: true }));
  await expect.poll(() => react({ secret: GRACE })).toBe(403);
  // A public update is not the chat's, and neither is one of another shape.
  await chat.hub.publish({
    topic: "/chat/lobby",
    type: "reaction",
    data: JSON.stringify({ id: "message-a", emoji: "😢", visitor: ADA_TAG, on: true }),
  });
  for (const data of [
    { emoji: "😢", visitor: "x", on: true },
    { emoji: "x", visitor: ADA_TAG, on: true },
  ]) {
    await chat.publish("lobby", "reaction", JSON.stringify({ id: "message-a", ...data }));
  }
  await chat.publish("lobby", "reaction", JSON.stringify({ id: "message-a", emoji: "😮", visitor: ADA_TAG, on: true }));
  await expect.poll(async () => (await chat.state("lobby")).messages[0]?.reactions).toEqual({ "👍": [ADA_TAG], "😮": [ADA_TAG] });
});

test("the reactions of a room have bounds", () => {
  const reactions = new Reactions();
  for (let i = 0; i < 250; i++) reactions.apply({ id: "one", emoji: "👍", visitor: `visitor ${i}`, on: true });
  expect(reactions.of("one")?.["👍"]).toHaveLength(200);
  for (let i = 0; i < 1000; i++) reactions.apply({ id: `message ${i}`, emoji: "👍", visitor: "visitor", on: true });
  expect(reactions.of("one")).toBeUndefined();
  expect(reactions.of("message 0")).toBeDefined();
});
