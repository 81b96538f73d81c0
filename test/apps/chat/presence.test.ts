import { expect, test } from "vitest";
import { publicVisitor } from "../../../demo/src/chat/server/names.ts";
import { hereTopic } from "../../../demo/src/chat/server/wire.ts";
import { ADA, GRACE, startChat } from "./support.ts";

const QUICK = { presenceDebounceMs: 10, presenceGraceMs: 30 };

test("whoever holds a connection is here, once, until a while after the last one closes", async () => {
  const chat = await startChat({ limits: QUICK });
  const watcher = await chat.follow("lobby");
  const ada = await chat.follow("lobby", { secret: ADA, nickname: "Ada" });
  expect(await watcher.presence()).toMatchObject({ total: 1, visitors: [{ nickname: "Ada" }] });
  const secondTab = await chat.follow("lobby", { secret: ADA, nickname: "Ada" });
  const grace = await chat.follow("lobby", { secret: GRACE, nickname: "Grace / Hopper ☂" });
  const both = await watcher.presence(({ total }) => total === 2);
  expect(both.visitors.map(({ nickname }) => nickname)).toEqual(["Ada", "Grace / Hopper ☂"]);
  expect(JSON.stringify(both)).not.toContain(ADA);
  expect(await chat.state("lobby")).toMatchObject(both);

  ada.close();
  grace.close();
  expect(await watcher.presence(({ total }) => total === 1)).toMatchObject({ visitors: [{ nickname: "Ada" }] });
  secondTab.close();
  expect(await watcher.presence(({ total }) => total === 0)).toEqual({ visitors: [], total: 0 });
});

test("a reconnection within the grace is no news, a new nickname is", async () => {
  const chat = await startChat({ limits: { presenceDebounceMs: 10, presenceGraceMs: 10_000 } });
  const watcher = await chat.follow("lobby");
  const first = await chat.follow("lobby", { secret: ADA, nickname: "Ada" });
  await watcher.presence();
  first.close();
  await chat.follow("lobby", { secret: ADA, nickname: "Ada" });
  await chat.follow("lobby", { secret: ADA, nickname: "Countess" });
  expect(await watcher.presence()).toMatchObject({ total: 1, visitors: [{ nickname: "Countess" }] });
});

test("what is not a page's presence is not taken for one", async () => {
  const chat = await startChat({ limits: { ...QUICK, visitorsListed: 2, visitors: 4 }, bot: { reply: async () => undefined } });
  const watcher = await chat.follow("lobby");
  const tag = publicVisitor(ADA);
  const token = await chat.token("lobby");
  for (const topic of [
    hereTopic("lobby", "short", "Ada"),
    hereTopic("lobby", tag, "Artie"),
    hereTopic("lobby", tag, "x".repeat(33)),
    hereTopic("lobby", tag, "a\u202eb"),
    `/chat/lobby/here/${tag}/%E0%A4%A`,
    `/chat/lobby/here/${tag}/Ada/more`,
    `/chat/Lobby/here/${tag}/Ada`,
  ]) {
    await chat.open(token, ["/chat/lobby", topic]);
  }
  for (let i = 0; i < 6; i++) await chat.follow("lobby", { secret: `secret-number-00000000${i}`.slice(-22), nickname: `Visitor ${i}` });
  const presence = await watcher.presence(({ total }) => total >= 4);
  expect(presence.total).toBe(4);
  expect(presence.visitors.map(({ nickname }) => nickname)).toEqual(["Visitor 0", "Visitor 1"]);
});

test("nobody is here in another's name, or without a token for the room", async () => {
  const chat = await startChat({ limits: QUICK });
  const watcher = await chat.follow("lobby");
  const ada = publicVisitor(ADA);
  const topics = ["/chat/lobby", hereTopic("lobby", ada, "Ada")];
  await chat.open(undefined, topics);
  await chat.open(await chat.token("lobby", GRACE), topics);
  await chat.open(await chat.token("elsewhere", ADA), topics);
  await chat.follow("lobby", { secret: GRACE, nickname: "Grace" });
  expect(await watcher.presence()).toMatchObject({ total: 1, visitors: [{ nickname: "Grace", visitor: publicVisitor(GRACE) }] });
  await chat.open(await chat.token("lobby", ADA), topics);
  expect(await watcher.presence()).toMatchObject({ total: 2 });
});
