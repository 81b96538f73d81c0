import { expect, test, vi } from "vitest";
import { publicVisitor } from "../../../demo/src/chat/server/names.ts";
import { TYPING_MS } from "../../../demo/src/chat/server/wire.ts";
import { ADA, GRACE, message, startChat } from "./support.ts";

const OWNER = "the-secret-of-the-owner";
const LIMITS = { presenceDebounceMs: 10, presenceGraceMs: 30 };

test("typing is told to the others, not too often, and is no part of the room", async () => {
  const limits = { ...LIMITS, typingPerVisitor: { burst: 2, perSecond: 0.001 }, typingPerRoom: { burst: 3, perSecond: 0.001 } };
  const chat = await startChat({ limits });
  await chat.follow("lobby", { secret: ADA, nickname: "Ada" });
  const grace = await chat.follow("lobby", { secret: GRACE, nickname: "Grace" });
  await grace.presence(({ total }) => total === 2);
  for (let i = 0; i < 4; i++) expect((await chat.post("lobby", "typing", { secret: ADA, nickname: "Ada" })).status).toBe(204);
  for (let i = 0; i < 4; i++) expect((await chat.post("lobby", "typing", { secret: GRACE, nickname: "Grace" })).status).toBe(204);
  await chat.send("lobby", message());
  await grace.message();
  const told = grace.seen.filter(({ type }) => type === "typing").map(({ data }) => data);
  const [ada, other] = [ADA, GRACE].map((secret, i) => ({
    visitors: [{ nickname: i === 0 ? "Ada" : "Grace", visitor: publicVisitor(secret) }],
    total: 1,
  }));
  expect(told).toEqual([ada, ada, other]);
  expect((await chat.state("lobby")).messages).toHaveLength(1);
});

test("typing is not replayed later, nor told when nobody else is there", async () => {
  const chat = await startChat({ limits: LIMITS });
  const publish = vi.spyOn(chat.hub, "publish");
  const told = (): unknown[] => publish.mock.calls.map(([update]) => update).filter((update) => Reflect.get(update, "type") === "typing");
  const ada = await chat.follow("lobby", { secret: ADA, nickname: "Ada" });
  await ada.presence();
  await chat.post("lobby", "typing", { secret: ADA, nickname: "Ada" });
  const grace = await chat.follow("lobby", { secret: GRACE, nickname: "Grace" });
  await grace.presence(({ total }) => total === 2);
  await chat.post("lobby", "typing", { secret: GRACE, nickname: "Grace" });
  expect(await ada.typing()).toMatchObject({ visitors: [{ nickname: "Grace" }] });
  expect(told()).toMatchObject([{ ttlMs: TYPING_MS, private: true }]);
});

test("typing in all rooms has a bound", async () => {
  const chat = await startChat({ limits: { ...LIMITS, typingInAll: { burst: 3, perSecond: 0.001 } } });
  const publish = vi.spyOn(chat.hub, "publish");
  for (const room of ["one", "two", "three", "four", "five"]) {
    await chat.follow(room, { secret: GRACE, nickname: "Grace" });
    const secret = `secret-of-${room}-000000000`.slice(0, 22);
    await chat.post(room, "typing", { secret, nickname: "Ada" });
  }
  expect(publish.mock.calls.filter(([update]) => Reflect.get(update, "type") === "typing")).toHaveLength(3);
});

test("typing needs a nickname that a message could have, and a voice", async () => {
  const chat = await startChat({ ownerSecret: OWNER, bot: { reply: async () => undefined } });
  const refused = await chat.post("lobby", "typing", { secret: ADA, nickname: "Artie" });
  expect(await refused.json()).toMatchObject({ status: 400, code: "invalid_nickname" });
  await chat.publish("lobby", "muted", JSON.stringify({ visitor: publicVisitor(ADA), muted: true }));
  await expect.poll(async () => (await chat.post("lobby", "typing", { secret: ADA, nickname: "Ada" })).status).toBe(403);
  const read = await chat.chat.fetch(new Request("http://host/chat/lobby/typing"));
  expect(read.status).toBe(405);
});
