import { describe, expect, test } from "vitest";
import { publicVisitor } from "../../../demo/src/chat/server/names.ts";
import type { Bot } from "../../../demo/src/chat/server/index.ts";
import { ADA, GRACE, message, startChat, type TestChat } from "./support.ts";

const FAST = { perVisitor: { burst: 100, perSecond: 100 }, presenceDebounceMs: 5, replyIntervalMs: 5 };

async function ask(chat: TestChat, body: unknown, secret = ADA, init: RequestInit = {}): Promise<Response> {
  const headers = { "Content-Type": "application/json", Authorization: `Bearer ${await chat.token("lobby", secret)}` };
  return chat.chat.fetch(new Request("http://host/chat/lobby/bot", { method: "POST", headers, body: JSON.stringify(body), ...init }));
}

/** A bot that writes a word, and then nothing until the stop. */
function writing(): Bot & { readonly stopped: Promise<void> } {
  let tell = (): void => {};
  const stopped = new Promise<void>((resolve) => (tell = resolve));
  return {
    stopped,
    async *reply(_, { signal }) {
      yield "Deep ";
      await new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error)));
      yield "never";
    },
    ...(tell === undefined ? {} : {}),
  };
}

describe("the visitor who asked", () => {
  test("stops an answer, which keeps what was shown and says so", async () => {
    const chat = await startChat({ bot: writing(), limits: FAST });
    const room = await chat.follow("lobby");
    await chat.send("lobby", message({ id: "question-1", text: "how deep?" }));
    const reply = await room.reply(({ text }) => text === "Deep");
    expect(reply.asker).toBe(publicVisitor(ADA));

    expect((await ask(chat, { id: reply.id, action: "stop" }, GRACE)).status).toBe(403);
    expect(await (await ask(chat, { id: "bot-another", action: "stop" })).json()).toMatchObject({ stopped: false });
    expect(await (await ask(chat, { id: reply.id, action: "stop" })).json()).toEqual({ id: reply.id, stopped: true });
    expect(await room.message(({ bot }) => bot === true)).toMatchObject({
      id: reply.id,
      text: "Deep …",
      cut: "stopped",
      question: "question-1",
      asker: publicVisitor(ADA),
    });
    expect(await (await ask(chat, { id: reply.id, action: "stop" })).json()).toMatchObject({ stopped: false });
  });

  test("stops an answer before its first word, and then nothing is said", async () => {
    const chat = await startChat({ bot: { reply: () => new Promise(() => {}) }, limits: FAST });
    const room = await chat.follow("lobby");
    await chat.send("lobby", message());
    const { id } = await room.reply();
    await ask(chat, { id, action: "stop" });
    expect(await room.reply(({ done }) => done)).toMatchObject({ id, text: "" });
    expect((await chat.state("lobby")).messages).toHaveLength(1);
  });

  test("asks again for an answer that broke off, with the lines before the question", async () => {
    const asked: { text: string; lines: readonly string[] }[] = [];
    const bot: Bot = {
      async *reply({ text }, { history }) {
        asked.push({ text, lines: history.map((line) => line.text) });
        yield "Deep ";
        if (asked.length === 1) throw new Error("broke off");
        yield "down";
      },
    };
    const chat = await startChat({ bot, limits: FAST });
    const room = await chat.follow("lobby");
    await chat.send("lobby", message({ id: "question-2", text: "@artie how deep?" }));
    const cut = await room.message(({ bot: isBot }) => isBot === true);
    expect(cut).toMatchObject({ text: "Deep …", cut: "failed" });
    await expect.poll(async () => (await chat.state("lobby")).messages.at(-1)).toEqual(cut);

    expect((await ask(chat, { id: cut.id, action: "again" }, GRACE)).status).toBe(403);
    expect((await ask(chat, { id: "bot-another", action: "again" })).status).toBe(404);
    expect((await ask(chat, { id: cut.id, action: "again" })).status).toBe(202);
    const whole = await room.message(({ bot: isBot }) => isBot === true);
    expect(whole).toMatchObject({ text: "Deep down", question: "question-2" });
    expect(whole.cut).toBeUndefined();
    await expect.poll(async () => (await chat.state("lobby")).messages.length).toBe(3);
    expect((await ask(chat, { id: whole.id, action: "again" })).status).toBe(404);
    expect(asked).toEqual([
      { text: "how deep?", lines: [] },
      { text: "how deep?", lines: [] },
    ]);
  });

  test("is told what is wrong with the request", async () => {
    const chat = await startChat({ bot: writing(), limits: FAST });
    expect((await ask(chat, { id: "x" })).status).toBe(400);
    expect((await ask(chat, { id: "x", action: "delete" })).status).toBe(400);
    expect((await ask(chat, {}, ADA, { method: "GET", body: null })).status).toBe(405);
    const nobody = new Request("http://host/chat/lobby/bot", { method: "POST", body: "{}" });
    expect((await chat.chat.fetch(nobody)).status).toBe(401);
  });

  test("asks again within the rate of messages only", async () => {
    const bot: Bot = { reply: () => Promise.reject(new Error("no")) };
    const chat = await startChat({ bot, limits: { ...FAST, perVisitor: { burst: 2, perSecond: 0.01 } } });
    const room = await chat.follow("lobby");
    await chat.send("lobby", message());
    const { id } = await room.message(({ bot: isBot }) => isBot === true);
    await expect.poll(async () => (await chat.state("lobby")).messages.length).toBe(2);
    expect((await ask(chat, { id, action: "again" })).status).toBe(202);
    expect((await ask(chat, { id, action: "again" })).status).toBe(429);
  });
});
