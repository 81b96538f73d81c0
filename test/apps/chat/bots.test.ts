import type { ServerResponse } from "node:http";
import { describe, expect, test } from "vitest";
import { type Bot, embeddedBot, openaiBot, parseBot, webhookBot } from "../../../demo/src/chat/server/index.ts";
import { context, MESSAGE, service } from "./bot-service.ts";

async function parts(bot: Bot, signal?: AbortSignal): Promise<string[]> {
  const reply = bot.reply(MESSAGE, context(signal));
  if (!(Symbol.asyncIterator in reply)) {
    const answer = (await reply) ?? "";
    return [typeof answer === "string" ? answer : answer.text];
  }
  const all: string[] = [];
  for await (const part of reply) all.push(String(part));
  return all;
}

describe("webhookBot", () => {
  test("posts the message and takes text or JSON", async () => {
    const answers: [string, string][] = [
      ["text/plain; charset=utf-8", "Deep ☂"],
      ["application/json", JSON.stringify({ text: "From JSON" })],
      ["application/vnd.x+json", JSON.stringify({ text: "From another JSON" })],
    ];
    const expected = ["Deep ☂", "From JSON", "From another JSON"];
    const { origin, asked } = await service((res) => {
      const [type, body] = answers.shift() ?? ["text/plain", ""];
      res.writeHead(200, { "Content-Type": type }).end(body);
    });
    const bot = webhookBot({ url: `${origin}/reply`, headers: { Authorization: "Bearer key" } });
    for (const text of expected) expect(await bot.reply(MESSAGE, context())).toBe(text);
    expect(asked[0]).toMatchObject({
      url: "/reply",
      body: MESSAGE,
      headers: { authorization: "Bearer key", "content-type": "application/json" },
    });
    expect(await bot.reply(MESSAGE, context())).toBe("");
  });

  test("puts a text together that comes in pieces, cut within a character", async () => {
    const bytes = Buffer.from("Tief: ☂ und ÄÖÜ");
    const { origin } = await service(async (res) => {
      res.writeHead(200, { "Content-Type": "text/plain" });
      for (const byte of bytes) {
        res.write(Buffer.of(byte));
        await new Promise((resolve) => setImmediate(resolve));
      }
      res.end();
    });
    expect(await webhookBot({ url: origin }).reply(MESSAGE, context())).toBe("Tief: ☂ und ÄÖÜ");
  });

  test.each<[string, (res: ServerResponse) => unknown]>([
    ["a failure", (res) => res.writeHead(500).end("oops")],
    ["a page", (res) => res.writeHead(200, { "Content-Type": "text/html" }).end("<p>")],
    ["broken JSON", (res) => res.writeHead(200, { "Content-Type": "application/json" }).end("{")],
    ["too much", (res) => res.writeHead(200, { "Content-Type": "text/plain" }).end("x".repeat(70_000))],
    ["bytes that are no text", (res) => res.writeHead(200, { "Content-Type": "text/plain" }).end(Buffer.of(0xff, 0xfe))],
    ["a connection that breaks", (res) => res.destroy()],
  ])("throws at %s", async (_, answer) => {
    const { origin } = await service(answer);
    await expect(webhookBot({ url: origin }).reply(MESSAGE, context())).rejects.toThrow();
  });

  test("stops waiting after its time, or when it is told to", async () => {
    const { origin } = await service(() => {});
    await expect(webhookBot({ url: origin, timeoutMs: 30 }).reply(MESSAGE, context())).rejects.toThrow();
    const stop = new AbortController();
    const waiting = webhookBot({ url: origin }).reply(MESSAGE, context(stop.signal)) as Promise<string>;
    stop.abort();
    await expect(waiting).rejects.toThrow();
  });
});

const delta = (content: string): string => `data: ${JSON.stringify({ choices: [{ delta: { content } }] })}\n\n`;

describe("openaiBot", () => {
  test("asks for a stream and passes the tokens on as they come", async () => {
    let finish = (): void => {};
    const { origin, asked } = await service((res) => {
      res.writeHead(200, { "Content-Type": "text/event-stream; charset=utf-8" });
      res.write(`: comment\n\ndata: {"choices":[{"delta":{"role":"assistant"}}]}\n\n${delta("Forty ")}`);
      finish = () => res.end(`${delta("metres ☂")}data: [DONE]\n\n${delta("never")}`);
    });
    const bot = openaiBot({ url: `${origin}/v1/`, model: "small", apiKey: "key", systemPrompt: "Be short." });
    const reply = bot.reply(MESSAGE, context()) as AsyncIterable<string>;
    const iterator = reply[Symbol.asyncIterator]();
    expect(await iterator.next()).toEqual({ done: false, value: "Forty " });
    finish();
    expect(await iterator.next()).toEqual({ done: false, value: "metres ☂" });
    expect((await iterator.next()).done).toBe(true);
    expect(asked[0]).toMatchObject({ url: "/v1/chat/completions", headers: { authorization: "Bearer key" } });
    expect(asked[0]?.body).toEqual({
      model: "small",
      stream: true,
      messages: [
        { role: "system", content: "Be short." },
        { role: "user", content: "Ada: Hi" },
        { role: "assistant", content: "Hello!" },
        { role: "user", content: "Ada: How deep is it?" },
      ],
    });
  });

  test("finds the endpoint below any address, and sends no key that it has not", async () => {
    const { origin, asked } = await service((res) => {
      res.writeHead(200, { "Content-Type": "text/event-stream" }).end(`${delta("x")}data: [DONE]\n\n`);
    });
    for (const path of ["", "/", "/v1", "/v1/chat/completions", "/proxy"]) await parts(openaiBot({ url: origin + path, model: "m" }));
    expect(asked.map(({ url }) => url)).toEqual([
      "/v1/chat/completions",
      "/v1/chat/completions",
      "/v1/chat/completions",
      "/v1/chat/completions",
      "/proxy/chat/completions",
    ]);
    expect(asked[0]?.headers.authorization).toBeUndefined();
    expect(JSON.stringify(asked[0]?.body)).toContain("You are artie");
  });

  test("takes a stream that is cut anywhere, ends without the mark, or an answer that is not streamed", async () => {
    const bytes = Buffer.from(`${delta("Ä☂")}data: {"choices":[{"delta":{"content":"!"},"finish_reason":"stop"}]}\r\n\r\n`);
    const { origin } = await service(async (res) => {
      res.writeHead(200, { "Content-Type": "text/event-stream" });
      for (const byte of bytes) {
        res.write(Buffer.of(byte));
        await new Promise((resolve) => setImmediate(resolve));
      }
      res.end();
    });
    expect((await parts(openaiBot({ url: origin, model: "m" }))).join("")).toBe("Ä☂!");
    const whole = await service((res) => {
      res.writeHead(200, { "Content-Type": "application/json" }).end('{"choices":[{"message":{"content":"At once"}}]}');
    });
    expect(await parts(openaiBot({ url: whole.origin, model: "m" }))).toEqual(["At once"]);
  });

  test.each<[string, (res: ServerResponse) => unknown]>([
    ["a failure", (res) => res.writeHead(401).end("{}")],
    ["broken JSON in the stream", (res) => res.writeHead(200, { "Content-Type": "text/event-stream" }).end("data: {\n\n")],
    [
      "an error in the stream",
      (res) => res.writeHead(200, { "Content-Type": "text/event-stream" }).end('data: {"error":{"message":"no"}}\n\n'),
    ],
    ["a stream that breaks off", (res) => res.writeHead(200, { "Content-Type": "text/event-stream" }).end(delta("half"))],
    ["JSON without a text", (res) => res.writeHead(200, { "Content-Type": "application/json" }).end('{"choices":[]}')],
  ])("throws at %s", async (_, answer) => {
    const { origin } = await service(answer);
    await expect(parts(openaiBot({ url: origin, model: "m" }))).rejects.toThrow();
  });

  test("stops when it is told to", async () => {
    const { origin } = await service((res) => {
      res.writeHead(200, { "Content-Type": "text/event-stream" }).write(delta("one"));
    });
    const stop = new AbortController();
    const iterator = (openaiBot({ url: origin, model: "m" }).reply(MESSAGE, context(stop.signal)) as AsyncIterable<string>)[
      Symbol.asyncIterator
    ]();
    await iterator.next();
    stop.abort();
    await expect(iterator.next()).rejects.toThrow();
  });
});

describe("embeddedBot", () => {
  const bot = embeddedBot();
  const say = async (text: string, nickname = "Ada", room = "lobby"): Promise<string> =>
    (await bot.reply({ room, nickname, text }, context())) as string;

  test.each([
    ["Hello!", /hello|hi|hey/i],
    ["What is Artesian?", /hub that pushes|needs no pump/],
    ["what's this?", /hub that pushes|needs no pump/],
    ["How do I publish?", /curl -d topic=greeting -d 'data=Hello, world!' http:\/\/hub\.example\/events\/stream/],
    ["How do I receive updates?", /new EventSource\("\/events\/stream\?match=greeting"\)/],
    ["What if I lose the connection?", /id of the last event/],
    ["help", /what is Artesian/],
    ["what can you do?", /what is Artesian/],
    ["what is 6*7", /42/],
    ["10 / 4?", /2\.5/],
    ["1/0", /no answer/],
    ["What time is it?", /\d\d:\d\d/],
    ["are you human?", /program|bot/i],
    ["thanks", /.{10}/],
    ["", /Ada|Present|called/],
    ["🎉🎉", /.{10}/],
    ["flurble the grommet", /help|Artesian|event streams/],
  ])("answers %j", async (text, expected) => {
    expect(await say(text)).toMatch(expected);
  });

  test.each([
    ["5 plus 7 minus 3", "9"],
    ["2 + 3 * 4", "14"],
    ["-5 + 3", "-2"],
    ["what is minus 5 plus 3?", "-2"],
    ["What's (2 + 3) × 4, please?", "20"],
    ["@artie how much is 6 times 7", "42"],
    ["calculate 10 - 4 - 3, artie", "3"],
    ["12 / 4 / 3 =", "1"],
    ["2 * -3", "-6"],
    ["1.5 + .25", "1.75"],
    ["0.1+0.2", "0.3"],
    ["1,000,000 divided by 8", "125000"],
    ["7 multiplied by 3 plus 2 x 2", "25"],
    ["1 − 2 ÷ 4", "0.5"],
    ["what is 3 plus 4 squared", "19"],
    ["what is 2 + 2 ^ 3", "10"],
  ])("works out %s", async (question, result) => {
    expect(await say(question)).toBe(`That makes ${result}. I carried the one myself.`);
  });

  test.each(["1 / 0", "what is 5 divided by (3 - 3)?"])("has no answer to %s", async (question) => {
    expect(await say(question)).toBe("Nothing can be divided by zero, so that has no answer.");
  });

  test.each([
    "what is 3 plus 4 cows",
    "what is 2 + 2 & 3",
    "3-4 people came",
    "2026-01-02",
    "1,5 + 2",
    "(2 + 3",
    "2 +",
    "what is 5",
    "12",
    "((((((",
    "5 plus",
    `${"(".repeat(150)}1+1`,
  ])("gives no number for %s", async (text) => {
    expect(await say(text)).not.toMatch(/That makes|no answer that/);
  });

  test("remembers names, each person's own", async () => {
    expect(await say("my name is augusta", "Ada", "names")).toContain("Augusta");
    expect(await say("who am I?", "Ada", "names")).toContain("Augusta");
    expect(await say("who am I?", "Grace", "names")).not.toContain("Augusta");
    expect(await say("who am I?", "Ada", "elsewhere")).not.toContain("Augusta");
    await say("forget me", "Ada", "names");
    expect(await say("who am I?", "Ada", "names")).not.toContain("Augusta");
  });

  test("plays a game over several messages", async () => {
    expect(await say("knock knock", "Ada", "game")).toBe("Who is there?");
    expect(await say("lettuce", "Ada", "game")).toBe("Lettuce who?");
    expect(await say("lettuce in, it is cold", "Ada", "game")).toMatch(/./);
  });

  test("cannot be made to run what somebody writes", async () => {
    const nickname = "<set name=evil>{topic=x}<call>sum 1 plus 1</call>~curl~";
    expect(await say("who am I?", nickname)).toContain(nickname);
    expect(await say("i like <call>sum 1 plus 1</call> {topic=x} ~curl~ (((", nickname)).not.toMatch(/makes 2|hub\.example/);
    expect(await say("__proto__", "__proto__", "__proto__")).toMatch(/./);
    expect(({} as Record<string, unknown>)["name"]).toBeUndefined();
  });

  test("never takes long, whatever it is told", async () => {
    for (const text of [
      "x ".repeat(1000),
      "what is ".repeat(200),
      "my name is ".repeat(100),
      "a".repeat(2000),
      "((*".repeat(500),
      "knock ".repeat(300),
    ]) {
      const started = performance.now();
      await say(text);
      expect(performance.now() - started).toBeLessThan(5000);
    }
  });

  test("forgets who spoke longest ago when there are too many", async () => {
    const small = embeddedBot({ people: 2 });
    const tell = async (nickname: string, text: string): Promise<string> =>
      (await small.reply({ room: "r", nickname, text }, context())) as string;
    await tell("A", "my name is first");
    await tell("B", "hello");
    await tell("C", "hello");
    expect(await tell("A", "who am I?")).not.toContain("First");
  });
});

describe("parseBot", () => {
  test("makes the bots", () => {
    expect(parseBot("none", {})).toBeUndefined();
    for (const spec of ["embedded", "webhook:http://127.0.0.1:5005/reply", "openai:http://127.0.0.1:11434/v1#llama3.2:1b"]) {
      expect(parseBot(spec, {})).toHaveProperty("reply");
    }
  });

  test("sends the key from the environment", async () => {
    const { origin, asked } = await service((res) => res.writeHead(200, { "Content-Type": "text/plain" }).end("ok"));
    await parseBot(`webhook:${origin}`, { ARTESIAN_BOT_KEY: "secret" })?.reply(MESSAGE, context());
    expect(asked[0]?.headers.authorization).toBe("Bearer secret");
  });

  test.each([
    "",
    "other",
    "embedded:x",
    "none:x",
    "webhook:",
    "webhook:nonsense",
    "webhook:file:///etc/passwd",
    "webhook:http://a:b@host/",
    "openai:http://host",
    "openai:http://host#",
    "openai:#model",
  ])("refuses %j with what to write instead", (spec) => {
    expect(() => parseBot(spec, {})).toThrow(TypeError);
  });
});
