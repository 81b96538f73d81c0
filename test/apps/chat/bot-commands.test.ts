import { describe, expect, test, vi } from "vitest";
import { findCommand } from "../../../demo/src/chat/server/bots/embedded/commands.ts";
import type { ChatLogger, ChatOptions } from "../../../demo/src/chat/server/options.ts";
import { embeddedBot } from "../../../demo/src/chat/server/index.ts";
import { ADA, GRACE, message, type RoomStream, startChat, type TestChat } from "./support.ts";

describe("a command", () => {
  test.each<[string, ReturnType<typeof findCommand>]>([
    ["/price ARTWL", { kind: "price", symbol: "ARTWL" }],
    ["/price artwl", { kind: "price", symbol: "artwl" }],
    ["/价格 ARTWL", { kind: "price", symbol: "ARTWL" }],
    ["/price", { kind: "price", symbol: undefined }],
    ["what is the price of artwl?", { kind: "price", symbol: "artwl" }],
    ["how much is ARTWL now", { kind: "price", symbol: "ARTWL" }],
    ["$ARTWL", { kind: "price", symbol: "ARTWL" }],
    ["ARTWL 的股价是多少", { kind: "price", symbol: "ARTWL" }],
    ["ARTWL多少钱", { kind: "price", symbol: "ARTWL" }],
    ["股价 ARTWL", { kind: "price", symbol: "ARTWL" }],
    ["how is the market doing?", { kind: "price", symbol: undefined }],
    ["行情怎么样", { kind: "price", symbol: undefined }],
    ["/news", { kind: "news", word: undefined }],
    ["/news water well", { kind: "news", word: "water well" }],
    ["what's in the news?", { kind: "news", word: undefined }],
    ["latest headlines", { kind: "news", word: undefined }],
    ["有什么新闻吗？", { kind: "news", word: undefined }],
    ["今天的新闻", { kind: "news", word: undefined }],
    ["/help", { kind: "help" }],
    ["/dance now", { kind: "unknown", name: "dance" }],
    ["/remind 10m tea", { kind: "remind", delayMs: 600_000, what: "tea" }],
    ["/remind tea in 1h30m", { kind: "remind", delayMs: 5_400_000, what: "tea" }],
    ["/remind 十分钟 喝茶", { kind: "remind", delayMs: 600_000, what: "喝茶" }],
    ["/提醒 10分钟后 喝茶", { kind: "remind", delayMs: 600_000, what: "喝茶" }],
    ["/remind", { kind: "remind", delayMs: undefined, what: "" }],
    ["remind me in 5 minutes to check the oven", { kind: "remind", delayMs: 300_000, what: "check the oven" }],
    ["please remind me to call Bob in two hours", { kind: "remind", delayMs: 7_200_000, what: "call Bob" }],
    ["remind me in half an hour", { kind: "remind", delayMs: 1_800_000, what: "" }],
    ["remind me in an hour and 5 minutes about lunch", { kind: "remind", delayMs: 3_900_000, what: "lunch" }],
    ["remind me at 5pm to go", { kind: "remind", delayMs: undefined, what: "at 5pm to go" }],
    ["十分钟后提醒我喝茶", { kind: "remind", delayMs: 600_000, what: "喝茶" }],
    ["半小时以后提醒我去开会。", { kind: "remind", delayMs: 1_800_000, what: "开会" }],
    ["一个半小时后叫我起床", { kind: "remind", delayMs: 5_400_000, what: "起床" }],
    ["提醒我30秒后关火", { kind: "remind", delayMs: 30_000, what: "关火" }],
    ["明天提醒我交作业", { kind: "remind", delayMs: undefined, what: "交作业" }],
    ["what is the price of Artesian", undefined],
    ["the price of it", undefined],
    ["hello", undefined],
    ["/", undefined],
    ["/chat/lobby", undefined],
    ["news is bad for the soul they say", undefined],
    ["提醒是什么", undefined],
  ])("in %j", (text, command) => {
    expect(findCommand(text)).toEqual(command);
  });
});

const FAST = { perVisitor: { burst: 100, perSecond: 100 }, presenceDebounceMs: 5, replyIntervalMs: 5 };

async function room(
  limits: object = {},
  logger?: ChatLogger,
  options: Pick<ChatOptions, "mayTell"> = {},
): Promise<{ chat: TestChat; lobby: RoomStream; say: (text: string, secret?: string) => Promise<string> }> {
  const chat = await startChat({
    bot: embeddedBot({ docs: false }),
    limits: { ...FAST, ...limits },
    ...(logger === undefined ? {} : { logger }),
    ...options,
  });
  const lobby = await chat.follow("lobby");
  return {
    chat,
    lobby,
    say: async (text, secret = ADA) => {
      await chat.send("lobby", message({ text: `@artie ${text}`, secret, nickname: "Ada" }));
      return (await lobby.message(({ bot }) => bot === true)).text;
    },
  };
}

function quote(symbol: string, price: number, changePercent: number): { topic: string; type: string; data: string } {
  const data = { symbol, price, change: 1.5, changePercent, time: "2026-11-29T12:00:00Z", simulated: true };
  return { topic: `/quotes/${symbol}`, type: "quote", data: JSON.stringify(data) };
}

function headline(id: string, title: string, published: string): { topic: string; type: string; data: string } {
  const data = { id, title, published, seen: published, link: `https://example.com/${id}`, feed: { name: "town", title: "Town" } };
  return { topic: "/news/town", type: "item", data: JSON.stringify(data) };
}

describe("/price", () => {
  test.each([
    ["okBtc", "/price okbtc"],
    ["ARTWL", "/price 自流水务"],
    ["constructor", "/price constructor"],
  ])("finds %s by %s", async (symbol, text) => {
    const { chat, lobby } = await room();
    await chat.hub.publish(quote(symbol, 5, 0));
    await chat.send("lobby", message({ text }));
    expect((await lobby.message(({ bot }) => bot === true)).card).toMatchObject({ kind: "price", symbol });
  });

  test("answers with the newest price on the hub, as text and as data", async () => {
    const { chat, lobby } = await room();
    await chat.hub.publish(quote("ARTWL", 180, 0.1));
    await chat.hub.publish(quote("ARTWL", 182.4, 0.83));
    await chat.send("lobby", message({ text: "/price artwl" }));
    const answer = await lobby.message(({ bot }) => bot === true);
    expect(answer.text).toMatch(/^ARTWL is at 182\.40, \+1\.50 \(\+0\.83 %\), as of .*simulated/);
    expect(answer.card).toEqual({
      kind: "price",
      symbol: "ARTWL",
      price: 182.4,
      change: 1.5,
      changePercent: 0.83,
      at: Date.parse("2026-11-29T12:00:00Z"),
      simulated: true,
    });
    expect((await chat.state("lobby")).messages.at(-1)?.card).toEqual(answer.card);
  });

  test("names the symbols that there are, and the market's moves", async () => {
    const { chat, say } = await room();
    await chat.hub.publish(quote("ARTWL", 180, 0.1));
    await chat.hub.publish(quote("TARNS", 390, -5));
    expect(await say("/price NOPE")).toMatch(/do not know a price of NOPE.*ARTWL/);
    expect(await say("/price")).toMatch(/TARNS 390\.00 \(-5\.00 %\)\n• ARTWL/);
    expect(await say("NOPE 的价格")).toMatch(/不知道 NOPE 的价格/);
  });

  test("admits that there are no prices, and takes only prices for one", async () => {
    const { chat, say } = await room();
    await chat.hub.publish({ topic: "/quotes/ARTWL", type: "quote", data: "not a price" });
    await chat.hub.publish({ ...quote("ARTWL", 1, 1), private: true });
    expect(await say("/price ARTWL")).toMatch(/do not see any prices.*\/stocks/);
    expect(await say("行情怎么样")).toMatch(/没有价格/);
  });
});

describe("/news", () => {
  test("answers with the newest headlines, each once, the newest first", async () => {
    const { chat, lobby } = await room();
    await chat.hub.publish(headline("b", "Well is deep", "2026-11-29T11:00:00Z"));
    await chat.hub.publish(headline("a", "Water rises", "2026-11-29T12:00:00Z"));
    await chat.hub.publish(headline("a", "Water rises", "2026-11-29T12:00:00Z"));
    await chat.send("lobby", message({ text: "有什么新闻" }));
    const answer = await lobby.message(({ bot }) => bot === true);
    expect(answer.text).toBe(
      "这个 hub 上最新的新闻：\n• Water rises (Town)\n  https://example.com/a\n• Well is deep (Town)\n  https://example.com/b",
    );
    expect(answer.card).toMatchObject({ kind: "news", headlines: [{ title: "Water rises", feed: "Town" }, { title: "Well is deep" }] });
  });

  test("looks for a word in titles and in names of feeds", async () => {
    const { chat, say } = await room();
    await chat.hub.publish(headline("b", "Well is deep", "2026-11-29T11:00:00Z"));
    await chat.hub.publish(headline("a", "Water rises", "2026-11-29T12:00:00Z"));
    expect(await say("/news WATER")).toBe('The newest headlines on this hub with "WATER":\n• Water rises (Town)\n  https://example.com/a');
    expect(await say("/news town")).toContain("Well is deep");
    expect(await say("/新闻 火星")).toMatch(/没有“火星”.*\/news/);
  });

  test("leaves out what the chat may not tell of, such as a feed that was removed", async () => {
    const { chat, say } = await room(undefined, undefined, { mayTell: (topic) => topic !== "/news/town" });
    await chat.hub.publish(headline("b", "Well is deep", "2026-11-29T11:00:00Z"));
    expect(await say("/news")).toMatch(/do not see any headlines/);
  });

  test("admits that there are none", async () => {
    const { say } = await room();
    expect(await say("/news")).toMatch(/do not see any headlines.*\/news/);
  });
});

describe("/remind", () => {
  test("is said in the room when it is time", async () => {
    const { chat, lobby, say } = await room();
    expect(await say("/remind 1s tea")).toMatch(/^I will remind you in 1 second: tea\./);
    expect(await lobby.message(({ text }) => text.startsWith("⏰"))).toMatchObject({
      text: "⏰ @Ada A reminder, as you asked: tea",
      bot: true,
    });
    expect(await say("一秒后提醒我喝茶")).toMatch(/^好，1 秒后提醒你：喝茶。/);
    expect((await lobby.message(({ text }) => text.startsWith("⏰"))).text).toBe("⏰ @Ada 到时间了：喝茶");
    await expect.poll(async () => (await chat.state("lobby")).messages.filter(({ text }) => text.startsWith("⏰")).length).toBe(2);
  });

  test("asks for a time, and keeps within its bounds", async () => {
    const warn = vi.fn();
    const { chat, say } = await room({ reminders: 2 }, { debug() {}, info() {}, warn, error() {} });
    expect(await say("/remind tea")).toMatch(/how long/);
    expect(await say("/remind 40d tea")).toMatch(/30 days/);
    expect(await say("明天提醒我喝茶")).toMatch(/多久/);
    expect(await say("hello")).toMatch(/Ada/);
    expect(await say("/remind 1h one")).toMatch(/will remind/);
    expect(await say("/remind 2h two")).toMatch(/will remind/);
    expect(warn).not.toHaveBeenCalled();
    expect(await say("/remind 3h three")).toMatch(/as many reminders waiting/);
    expect(warn).toHaveBeenCalledWith({ room: "lobby", outcome: "full" }, expect.any(String));
    let waiting = 0;
    for await (const _ of chat.hub.scheduled()) waiting++;
    expect(waiting).toBe(2);
  });
});

describe("a name", () => {
  test("is remembered for each visitor, under every nickname", async () => {
    const { chat, lobby, say } = await room();
    await say("my name is Maria");
    expect(await say("who am I?")).toContain("Maria");
    expect(await say("who am I?", GRACE)).not.toContain("Maria");
    await chat.send("lobby", message({ text: "@artie who am I?", nickname: "Another" }));
    expect((await lobby.message(({ bot }) => bot === true)).text).toContain("Maria");
  });
});

test("a command without words is answered in the language of the browser", async () => {
  const { chat, lobby } = await room();
  const headers = {
    "Content-Type": "application/json",
    "Accept-Language": "zh-CN,zh;q=0.9",
    Authorization: `Bearer ${await chat.token("lobby", GRACE)}`,
  };
  const body = JSON.stringify({ id: "command-in-chinese", nickname: "小红", text: "@artie /news" });
  await chat.chat.fetch(new Request("http://host/chat/lobby/messages", { method: "POST", headers, body }));
  expect((await lobby.message(({ bot }) => bot === true)).text).toMatch(/没有新闻/);
});
