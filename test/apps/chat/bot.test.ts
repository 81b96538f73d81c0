import { describe, expect, test, vi } from "vitest";
import { addressedText } from "../../../demo/src/chat/server/address-bot.ts";
import { FAILURE_TEXT } from "../../../demo/src/chat/server/bot-desk.ts";
import type { Bot, BotContext, BotMessage } from "../../../demo/src/chat/server/index.ts";
import { publicVisitor } from "../../../demo/src/chat/server/names.ts";
import { ADA, GRACE, message, startChat } from "./support.ts";

/** A bot that answers when the test says so. */
function heldBot(): Bot & {
  readonly asked: { message: BotMessage; context: BotContext; answer: (text: string | undefined) => void; fail: () => void }[];
} {
  const asked: ReturnType<typeof heldBot>["asked"] = [];
  return {
    asked,
    reply: (received, context) =>
      new Promise((resolve, reject) => {
        asked.push({ message: received, context, answer: resolve, fail: () => reject(new Error("secret detail")) });
      }),
  };
}

const echo: Bot = { reply: async ({ nickname, text }) => `${nickname} said: ${text}` };
const FAST = { perVisitor: { burst: 100, perSecond: 100 }, presenceDebounceMs: 5, replyIntervalMs: 5 };

describe("the bot is spoken to", () => {
  test.each([
    ["@artie hello", "hello"],
    ["hello @Artie, how are you?", "hello how are you?"],
    ["artie: hello", "hello"],
    ["Artie hello", "hello"],
    ["ARTIE", ""],
    ["(@artie)", "()"],
    ["@artie你好", "你好"],
    ["＠artie，你好", "你好"],
    ["你好@artie", "你好"],
    ["请问@Artie 现在几点", "请问现在几点"],
    ["artie你好", "你好"],
    ["artie，在吗？", "在吗？"],
    ["@artieさん", "さん"],
    ["artier hello", undefined],
    ["@artié hello", undefined],
    ["почта@artie", undefined],
    ["@artie2 hello", undefined],
    ["mail@artie", undefined],
    ["hello artie", undefined],
    ["smartie hello", undefined],
  ])("by %j: %j", (text, expected) => {
    expect(addressedText(text, "artie")).toBe(expected);
  });

  test("under a Chinese name, before which and after which anything stands", () => {
    expect(addressedText("@小井你好", "小井")).toBe("你好");
    expect(addressedText("你好@小井", "小井")).toBe("你好");
    expect(addressedText("小井，你好", "小井")).toBe("你好");
  });

  test("under a name that has marks of a pattern in it", () => {
    expect(addressedText("@c++ bot? hello", "C++ bot?")).toBe("hello");
  });
});

describe("the bot", () => {
  test("answers everything while one human is here, then only what is addressed to it", async () => {
    const chat = await startChat({ bot: echo, limits: FAST });
    const ada = await chat.follow("lobby", { secret: ADA, nickname: "Ada" });
    await ada.presence(({ total }) => total === 1);
    await chat.send("lobby", message({ text: "anyone?" }));
    expect(await ada.message(({ bot }) => bot === true)).toMatchObject({ nickname: "artie", text: "Ada said: anyone?" });

    const grace = await chat.follow("lobby", { secret: GRACE, nickname: "Grace" });
    await grace.presence(({ total }) => total === 2);
    await chat.send("lobby", message({ text: "hello Grace" }));
    await chat.send("lobby", message({ text: "@artie hello bot" }));
    expect(await ada.message(({ bot }) => bot === true)).toMatchObject({ text: "Ada said: hello bot" });
    expect((await chat.state("lobby")).botName).toBe("artie");
  });

  test("does not take somebody for alone while the others are still coming back after a start", async () => {
    const said = (id: string, nickname: string, visitor: string): string =>
      JSON.stringify({ id, nickname, visitor, text: "before", at: 1 });
    const chat = await startChat({ bot: echo, limits: FAST });
    await chat.publish("lobby", "chat", said("earlier", "Grace", "tag"));
    await expect.poll(async () => (await chat.state("lobby")).messages.length).toBe(1);
    const room = await chat.follow("lobby");
    await chat.send("lobby", message({ text: "are you back?" }));
    await chat.send("lobby", message({ text: "@artie you are" }));
    expect(await room.message(({ bot }) => bot === true)).toMatchObject({ text: "Ada said: you are" });

    const settled = await startChat({ bot: echo, limits: { ...FAST, presenceGraceMs: 0 } });
    await settled.publish("lobby", "chat", said("earlier", "Grace", "tag"));
    await expect.poll(async () => (await settled.state("lobby")).messages.length).toBe(1);
    const later = await settled.follow("lobby");
    await settled.send("lobby", message({ text: "nobody here" }));
    expect(await later.message(({ bot }) => bot === true)).toMatchObject({ text: "Ada said: nobody here" });
  });

  test("is given what was said before", async () => {
    const bot = heldBot();
    const chat = await startChat({ bot, botName: "Well", limits: FAST });
    const room = await chat.follow("lobby");
    await chat.send("lobby", message({ text: "first" }));
    await expect.poll(() => bot.asked.length).toBe(1);
    bot.asked[0]?.answer("answer");
    await room.message(({ bot: isBot }) => isBot === true);
    await expect.poll(async () => (await chat.state("lobby")).messages.length).toBe(2);
    await chat.send("lobby", message({ text: "Well, second" }));
    await expect.poll(() => bot.asked.length).toBe(2);
    expect(bot.asked[1]?.message).toMatchObject({ room: "lobby", nickname: "Ada", text: "second", visitor: publicVisitor(ADA) });
    expect(bot.asked[1]?.context.botName).toBe("Well");
    expect(bot.asked[1]?.context.history).toEqual([
      { nickname: "Ada", text: "first", bot: false },
      { nickname: "Well", text: "answer", bot: true },
    ]);
    bot.asked[1]?.answer(undefined);
  });

  test("shows a stream of text as it comes, then the message under the same id", async () => {
    let goOn = (): void => {};
    const bot: Bot = {
      async *reply() {
        yield "Hello ";
        await new Promise<void>((resolve) => (goOn = resolve));
        yield "world";
      },
    };
    const chat = await startChat({ bot, limits: FAST });
    const room = await chat.follow("lobby");
    await chat.send("lobby", message());
    const part = await room.reply(({ text }) => text === "Hello");
    expect(part.done).toBe(false);
    await expect.poll(async () => (await chat.state("lobby")).replies).toEqual([part]);
    goOn();
    expect(await room.message(({ bot: isBot }) => isBot === true)).toMatchObject({ id: part.id, text: "Hello world" });
    await expect.poll(async () => (await chat.state("lobby")).replies).toEqual([]);
  });

  test("that writes fast is shown at most once in a time", async () => {
    const words = Array.from({ length: 500 }, (_, i) => `word${i} `);
    const bot: Bot = {
      async *reply() {
        for (const word of words) {
          await new Promise((resolve) => setImmediate(resolve));
          yield word;
        }
      },
    };
    const chat = await startChat({ bot, limits: { ...FAST, replyIntervalMs: 20 } });
    const room = await chat.follow("lobby");
    const started = performance.now();
    await chat.send("lobby", message());
    const { text } = await room.message(({ bot: isBot }) => isBot === true);
    const tookMs = performance.now() - started;
    expect(text.length).toBeLessThanOrEqual(2000);
    expect(text.endsWith("…")).toBe(true);
    expect(room.seen.filter(({ type }) => type === "reply").length).toBeLessThanOrEqual(tookMs / 20 + 1);
  });

  test("that has nothing to say takes its typing back", async () => {
    const bot = heldBot();
    const chat = await startChat({ bot, limits: FAST });
    const room = await chat.follow("lobby");
    await chat.send("lobby", message());
    const typing = await room.reply();
    expect(typing).toMatchObject({ text: "", done: false });
    bot.asked[0]?.answer(undefined);
    expect(await room.reply(({ done }) => done)).toMatchObject({ id: typing.id });
  });

  test("that fails says so, and why is logged only", async () => {
    const bot = heldBot();
    const warn = vi.fn();
    const chat = await startChat({ bot, limits: FAST, logger: { debug() {}, info() {}, warn, error() {} } });
    const room = await chat.follow("lobby");
    await chat.send("lobby", message());
    await expect.poll(() => bot.asked.length).toBe(1);
    bot.asked[0]?.fail();
    expect(await room.message(({ bot: isBot }) => isBot === true)).toMatchObject({ text: FAILURE_TEXT.en, cut: "failed" });
    expect(warn).toHaveBeenCalledWith(
      expect.objectContaining({ err: expect.objectContaining({ message: "secret detail" }) }),
      expect.any(String),
    );
  });

  test("that throws at once says so too, and what a stream showed before it broke off stays, marked", async () => {
    const throws: Bot = {
      reply: () => {
        throw new Error("at once");
      },
    };
    const breaks: Bot = {
      async *reply() {
        yield "half ";
        throw new Error("broke off");
      },
    };
    for (const [bot, text] of [
      [throws, FAILURE_TEXT.en],
      [breaks, "half …"],
    ] as const) {
      const chat = await startChat({ bot, limits: FAST });
      const room = await chat.follow("lobby");
      await chat.send("lobby", message());
      expect(await room.message(({ bot: isBot }) => isBot === true)).toMatchObject({ text, cut: "failed" });
    }
  });

  test("that never answers is cut off, and delays nobody", async () => {
    const aborted = vi.fn();
    const hanging: Bot = {
      reply: (_, { signal }) => {
        signal.addEventListener("abort", aborted);
        return new Promise(() => {});
      },
    };
    const chat = await startChat({ bot: hanging, limits: { ...FAST, botMs: 3000 } });
    const room = await chat.follow("lobby");
    const started = performance.now();
    await chat.send("lobby", message({ text: "one" }));
    await chat.send("lobby", message({ text: "two" }));
    expect(performance.now() - started).toBeLessThan(2900);
    await room.message(({ text }) => text === "two");
    await room.message(({ text }) => text === FAILURE_TEXT.en);
    await room.message(({ text }) => text === FAILURE_TEXT.en);
    expect(aborted).toHaveBeenCalledTimes(2);
  });

  test("takes one message of a room at a time, in order, from a bounded queue", async () => {
    const bot = heldBot();
    const chat = await startChat({ bot, limits: { ...FAST, botQueue: 2 } });
    const room = await chat.follow("lobby");
    for (const text of ["1", "2", "3", "4", "5"]) await chat.send("lobby", message({ text: `artie ${text}` }));
    await chat.send("other", message({ text: "artie elsewhere" }));
    await expect.poll(() => bot.asked.length).toBe(2);
    expect(bot.asked.map((question) => question.message.text)).toEqual(["1", "elsewhere"]);
    bot.asked[0]?.answer("one");
    await room.message(({ text }) => text === "one");
    await expect.poll(() => bot.asked.length).toBe(3);
    bot.asked[2]?.answer("two");
    await expect.poll(() => bot.asked.length).toBe(4);
    bot.asked[3]?.answer("three");
    await room.message(({ text }) => text === "three");
    expect(bot.asked.map((question) => question.message.text)).toEqual(["1", "elsewhere", "2", "3"]);
    bot.asked[1]?.answer(undefined);
  });

  test("is stopped with the chat", async () => {
    const bot = heldBot();
    const chat = await startChat({ bot, limits: FAST });
    await chat.send("lobby", message());
    await expect.poll(() => bot.asked.length).toBe(1);
    await chat.stop();
    expect(bot.asked[0]?.context.signal.aborted).toBe(true);
  });
});
