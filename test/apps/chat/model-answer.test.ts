import type { ServerResponse } from "node:http";
import { describe, expect, test } from "vitest";
import { type Bot, openaiBot } from "../../../demo/src/chat/server/index.ts";
import { collectReply } from "../../../demo/src/chat/server/reply-stream.ts";
import { answering, context, MESSAGE, service } from "./bot-service.ts";

const LIMITS = { botFirstMs: 5000, botNextMs: 5000, botMs: 5000 };
const EVENTS = "text/event-stream";

const chunk = (choice: object): string => `data: ${JSON.stringify({ error: null, choices: [choice] })}`;
const delta = (content: unknown): string => chunk({ index: 0, delta: { content }, finish_reason: null });
const END = chunk({ index: 0, delta: { content: "" }, finish_reason: "stop" });

/** What the room sees while a bot writes, and in the end. */
async function collected(bot: Bot): Promise<{ text: string | undefined; failure: string | undefined; shown: string[] }> {
  const shown: string[] = [];
  const { text, failure } = await collectReply(bot, MESSAGE, context(), LIMITS, (soFar) => shown.push(soFar));
  return { text, failure: failure instanceof Error ? failure.message : undefined, shown };
}

async function answered(type: string | undefined, body: string): ReturnType<typeof collected> {
  return await collected(openaiBot({ url: await answering(type, body), model: "m" }));
}

/** Sends parts one after the other, each in a turn of its own. */
async function inPieces(res: ServerResponse, pieces: Iterable<string | Uint8Array>): Promise<void> {
  res.writeHead(200, { "Content-Type": EVENTS });
  for (const piece of pieces) {
    res.write(piece);
    await new Promise((resolve) => setImmediate(resolve));
  }
  res.end();
}

describe("a model's answer", () => {
  test.each<[string, string | undefined, string, string]>([
    ["a stream labelled JSON", "application/json", `${delta("Deep ")}\n\n${delta("down")}\n\ndata: [DONE]\n\n`, "Deep down"],
    ["a stream without a label", undefined, `${delta("Deep")}\n\n${END}\n\n`, "Deep"],
    ["JSON labelled as a stream", EVENTS, '{"choices":[{"message":{"content":"Deep"}}]}', "Deep"],
    ["pretty JSON labelled as text", "text/plain", JSON.stringify({ choices: [{ message: { content: "Deep" } }] }, null, 2), "Deep"],
    ["lines of JSON", "application/x-ndjson", `${delta("Deep").slice(6)}\n${END.slice(6)}\n`, "Deep"],
    ["single newlines between events", EVENTS, `${delta("Deep ")}\n${delta("down")}\n${END}\ndata: [DONE]\n`, "Deep down"],
    ["carriage returns", EVENTS, `${delta("Deep ")}\r\r${delta("down")}\r\r${END}\r\r`, "Deep down"],
    ["an event in two data lines", EVENTS, `data: {"choices":\ndata: [{"delta":{"content":"Deep"}}]}\n\n${END}\n\n`, "Deep"],
    [
      "a last event without its blank line",
      EVENTS,
      `${delta("Deep")}\n\n${chunk({ delta: { content: "!" }, finish_reason: "stop" })}`,
      "Deep!",
    ],
    [
      "keepalives",
      EVENTS,
      `data:\n\ndata: keepalive\n\n: ping\n\ndata: 1\n\n${delta("Deep")}\n\nevent: ping\ndata: null\n\n${END}\n\n`,
      "Deep",
    ],
    ["broken events", EVENTS, `data: {"choices":[{"del\n\n${delta("Deep")}\n\n${END}\n\n`, "Deep"],
    [
      "absent, null and empty members",
      EVENTS,
      `data: {"error":"","choices":null}\n\ndata: {"choices":[{"delta":null}]}\n\n${delta(null)}\n\n${delta("Deep")}\n\n${END}\n\n`,
      "Deep",
    ],
    [
      "a list of parts",
      EVENTS,
      `${delta([{ type: "text", text: "De" }, { type: "thinking", thinking: [{ type: "text", text: "hm" }] }, "ep"])}\n\n${END}\n\n`,
      "Deep",
    ],
    ["a whole message in parts", "application/json", '{"choices":[{"message":{"content":[{"type":"text","text":"Deep"}]}}]}', "Deep"],
    [
      "a whole message after its parts",
      EVENTS,
      `${delta("Deep")}\n\ndata: {"choices":[{"message":{"content":"Deep"},"finish_reason":"stop"}]}\n\n`,
      "Deep",
    ],
    ["a byte order mark", EVENTS, `\uFEFF${delta("Deep")}\n\n${END}\n\n`, "Deep"],
  ])("is read from %s", async (_, type, body, expected) => {
    expect(await answered(type, body)).toMatchObject({ text: expected, failure: undefined });
  });

  test("streams where single newlines divide events", async () => {
    let finish = (): void => {};
    const { origin } = await service((res) => {
      res.writeHead(200, { "Content-Type": EVENTS }).write(`${delta("Deep")}\n`);
      finish = () => res.end(`${delta("er")}\n${END}\n`);
    });
    const reply = openaiBot({ url: origin, model: "m" }).reply(MESSAGE, context()) as AsyncIterable<unknown>;
    const iterator = reply[Symbol.asyncIterator]();
    expect((await iterator.next()).value).toBe("Deep");
    finish();
    expect((await iterator.next()).value).toBe("er");
    expect((await iterator.next()).done).toBe(true);
  });

  test.each<[string, string, string, string]>([
    ["a page's title", "text/html", "<!doctype html><title>Sign in</title>", "Sign in"],
    ["a page's title, labelled as a stream", EVENTS, "\n<html><head><title>Sign in</title>", "Sign in"],
    ["an error with 200", "application/json", '{"error":{"message":"No such model"}}', "No such model"],
    ["an error in a list", "application/json", '[{"error":{"code":400,"message":"No such model"}}]', "No such model"],
    ["an error in the stream", EVENTS, 'data: {"error":"No such model"}\n\n', "No such model"],
    ["an error without a prefix in the stream", EVENTS, '{"object":"error","message":"No such model"}\n\n', "No such model"],
    ["another JSON", "application/json", '{"detail":"No such model"}', "No such model"],
    ["a plain text", "text/plain", "No such model", "No such model"],
  ])("fails with %s", async (_, type, body, words) => {
    await expect(answered(type, body)).rejects.toThrow(words);
  });

  test("fails with the service's own words about a status, without the key", async () => {
    const origin = await answering("application/json", '{"error":{"message":"Incorrect key: sesame-1234"}}', 401);
    const bot = openaiBot({ url: origin, model: "m", apiKey: "sesame-1234" });
    await expect(collected(bot)).rejects.toThrow("answered 401: Incorrect key: …");
  });

  test.each<[string, string, RegExp]>([
    ["an end without a mark", `${delta("Deep")}\n\n`, /broke off/],
    ["an error", `${delta("Deep")}\n\ndata: {"error":{"message":"Out of memory"}}\n\n`, /Out of memory/],
    ["the model's bound", `${delta("Deep")}\n\n${chunk({ delta: {}, finish_reason: "length" })}\n\n`, /bound/],
  ])("keeps what was shown before %s, marked as cut", async (_, body, failure) => {
    const { text, failure: found } = await answered(EVENTS, body);
    expect(text).toBe("Deep …");
    expect(found).toMatch(failure);
  });
});

describe("a model's thoughts", () => {
  const THOUGHT = "<think>The user\nwants < 3 metres. </think>\n\nDeep <b>down</b> <3";
  const ANSWER = "Deep <b>down</b> <3";

  test.each(Array.from({ length: 12 }, (_, i) => i + 1))("are not shown, cut into pieces of %i characters", async (size) => {
    const pieces = Array.from({ length: Math.ceil(THOUGHT.length / size) }, (_, i) => THOUGHT.slice(i * size, (i + 1) * size));
    const { origin } = await service(async (res) => await inPieces(res, [...pieces.map((piece) => `${delta(piece)}\n\n`), `${END}\n\n`]));
    const { text, shown } = await collected(openaiBot({ url: origin, model: "m" }));
    expect(text).toBe(ANSWER);
    for (const soFar of shown) expect(ANSWER.startsWith(soFar)).toBe(true);
  });

  const unopened = (answer: string): string =>
    [...["The user wants ", "a depth.", "</th", "ink>\n\n", answer].map(delta), END].map((event) => `${event}\n\n`).join("");

  test("are not shown without an opening tag, by a model that is named for them", async () => {
    for (const model of ["deepseek-r1:7b", "qwq:32b", "Qwen3-4B-Thinking-2507", "phi4-reasoning"]) {
      const { text, shown } = await collected(openaiBot({ url: await answering(EVENTS, unopened("Deep")), model }));
      expect(text).toBe("Deep");
      expect(shown.every((soFar) => "Deep".startsWith(soFar))).toBe(true);
    }
  });

  test("are taken back without an opening tag, and not shown again by the same bot", async () => {
    const { origin } = await service(async (res) => await inPieces(res, unopened("Deep").split(/(?<=\n\n)/)));
    const bot = openaiBot({ url: origin, model: "m" });
    expect((await collected(bot)).text).toBe("Deep");
    const again = await collected(bot);
    expect(again.text).toBe("Deep");
    expect(again.shown.every((soFar) => "Deep".startsWith(soFar))).toBe(true);
  });

  test("are not counted", async () => {
    for (const opening of ["<think>", ""]) {
      const events = [
        opening,
        ..."x"
          .repeat(30)
          .split("")
          .map((x) => x.repeat(200)),
        "</think>",
        "Deep",
      ].map(delta);
      expect((await answered(EVENTS, [...events, END].join("\n\n"))).text).toBe("Deep");
    }
  });

  test("of a service that keeps them apart are signs of life, and the text streams", async () => {
    const body = [
      chunk({ delta: { role: "assistant", content: "" } }),
      chunk({ delta: { reasoning_content: "Hm" } }),
      delta("Deep "),
      delta("down"),
      END,
    ];
    const { origin } = await service(
      async (res) =>
        await inPieces(
          res,
          body.map((event) => `${event}\n\n`),
        ),
    );
    const reply = openaiBot({ url: origin, model: "deepseek-r1" }).reply(MESSAGE, context()) as AsyncIterable<unknown>;
    const parts: unknown[] = [];
    for await (const part of reply) parts.push(part);
    expect(parts[0]).toBe("");
    expect(parts.join("")).toBe("Deep down");
  });

  test("of a model that is named for them, but has none, hide no answer", async () => {
    expect((await answered(EVENTS, `${delta("Deep")}\n\n${END}`)).text).toBe("Deep");
    const url = await answering(EVENTS, `${delta("Deep")}\n\n${END}`);
    expect((await collected(openaiBot({ url, model: "r1" }))).text).toBe("Deep");
  });

  test("without an answer are a failure", async () => {
    await expect(answered(EVENTS, `${delta("<think>The user")}\n\n${END}`)).rejects.toThrow("thoughts");
  });
});

describe("a model's conversation", () => {
  test("alternates and begins with the user", async () => {
    const { origin, asked } = await service((res) => res.writeHead(200, { "Content-Type": EVENTS }).end(`${delta("x")}\n\n${END}\n\n`));
    const lines: [string, string, boolean][] = [
      ["artie", "Hello!", true],
      ["Ada", "Hi", false],
      ["Grace", "Hey", false],
      ["artie", "Welcome", true],
      ["artie", "Both of you", true],
      ["Grace", "Bye", false],
    ];
    const history = lines.map(([nickname, text, bot]) => ({ nickname, text, bot }));
    const reply = openaiBot({ url: origin, model: "m", systemPrompt: "Be short." }).reply(MESSAGE, { ...context(), history });
    for await (const _ of reply as AsyncIterable<unknown>);
    expect(asked[0]?.body).toMatchObject({
      messages: [
        { role: "system", content: "Be short." },
        { role: "user", content: "Ada: Hi\nGrace: Hey" },
        { role: "assistant", content: "Welcome\nBoth of you" },
        { role: "user", content: "Grace: Bye\nAda: How deep is it?" },
      ],
    });
  });

  test("goes to /v1 only if the address has no path", async () => {
    const { origin, asked } = await service((res) => res.writeHead(200, { "Content-Type": EVENTS }).end(`${delta("x")}\n\n${END}\n\n`));
    for (const path of ["", "/", "/api/v3", "/openai/deployments/m?api-version=1"]) {
      await collected(openaiBot({ url: origin + path, model: "m" }));
    }
    expect(asked.map(({ url }) => url)).toEqual([
      "/v1/chat/completions",
      "/v1/chat/completions",
      "/api/v3/chat/completions",
      "/openai/deployments/m/chat/completions?api-version=1",
    ]);
  });

  test("stays a POST where the service redirects", async () => {
    const { origin, asked } = await service((res, req) => {
      if (req.url === "/v1/chat/completions") res.writeHead(301, { Location: "/v2/chat/completions" }).end();
      else res.writeHead(200, { "Content-Type": EVENTS }).end(`${delta("Deep")}\n\n${END}\n\n`);
    });
    expect((await collected(openaiBot({ url: origin, model: "m" }))).text).toBe("Deep");
    expect(asked.map(({ method }) => method)).toEqual(["POST", "POST"]);
  });
});
