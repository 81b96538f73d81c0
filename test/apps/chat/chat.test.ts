import { createHub } from "artesian";
import { logJournal } from "artesian/journals/log";
import { describe, expect, onTestFinished, test } from "vitest";
import { chatIssuer, createChat } from "../../../demo/src/chat/server/index.ts";
import { publicVisitor } from "../../../demo/src/chat/server/names.ts";
import { ADA, GRACE, KEY, message, startChat } from "./support.ts";
import { temporaryDirectory } from "../../support/directory.ts";

async function problemOf(response: Response): Promise<{ status: number; code: string }> {
  expect(response.headers.get("Content-Type")).toBe("application/problem+json");
  const { status, code } = (await response.json()) as { status: number; code: string };
  expect(status).toBe(response.status);
  return { status, code };
}

describe("a room", () => {
  test("takes a message and tells everyone", async () => {
    const chat = await startChat();
    const room = await chat.follow("lobby");
    const response = await chat.send("lobby", message({ id: "first-message", text: "  Hello\r\nworld " }));
    expect(response.status).toBe(201);
    expect(await response.json()).toMatchObject({ id: "first-message", duplicate: false });
    const seen = await room.message();
    expect(seen).toMatchObject({ id: "first-message", nickname: "Ada", text: "Hello\nworld" });
    expect(JSON.stringify(seen)).not.toContain(ADA);
    expect(seen.visitor).toBe(publicVisitor(ADA));
    await expect.poll(() => chat.state("lobby")).toMatchObject({ messages: [seen] });
  });

  test("is another one at every address", async () => {
    const chat = await startChat();
    await chat.send("one", message({ text: "in one" }));
    await chat.send("two", message({ text: "in two" }));
    const room = await chat.follow("two");
    await chat.send("one", message({ id: "again-one" }));
    await chat.send("two", message({ id: "again-two" }));
    await room.message(({ id }) => id === "again-two");
    expect(JSON.stringify(room.seen)).not.toContain("again-one");
    await expect.poll(async () => (await chat.state("one")).messages.map(({ text }) => text)).toContain("in one");
  });

  test.each(["会议室", "комната-2", "कमरा", "غرفة"])("has a name in any script: %s", async (name) => {
    const chat = await startChat();
    const room = await chat.follow(encodeURIComponent(name), { secret: GRACE, nickname: "小明" });
    expect((await chat.send(name, message({ text: "你好" }))).status).toBe(201);
    expect(await room.message()).toMatchObject({ text: "你好" });
    await expect.poll(async () => (await chat.state(name)).messages.map(({ text }) => text)).toEqual(["你好"]);
    await expect.poll(async () => (await chat.state(name)).visitors.map(({ nickname }) => nickname)).toEqual(["小明"]);
    expect(await problemOf(await chat.askToken(`${name}！`))).toEqual({ status: 404, code: "not_found" });
  });

  test("joins its state and its stream without a seam", async () => {
    const chat = await startChat({ limits: { perVisitor: { burst: 1000, perSecond: 1000 } } });
    const sent: string[] = [];
    const sending = (async () => {
      for (let i = 0; i < 60; i++) {
        const id = `seamless-${i}`;
        sent.push(id);
        await chat.send("lobby", message({ id }));
      }
    })();
    const joins = [];
    const headers = { Authorization: `Bearer ${await chat.token("lobby")}` };
    for (let i = 0; i < 10; i++) {
      const state = await chat.state("lobby");
      const query = new URLSearchParams({ match: "/chat/lobby", last_event_id: state.lastEventId });
      joins.push({ state, stream: await fetch(`${chat.origin}/events/stream?${query}`, { headers }) });
    }
    await sending;
    await chat.send("lobby", message({ id: "the-last-one" }));
    for (const { state, stream } of joins) {
      const ids = state.messages.map(({ id }) => id);
      let text = "";
      for await (const chunk of stream.body?.pipeThrough(new TextDecoderStream()) ?? []) {
        text += chunk;
        if (text.includes("the-last-one")) break;
      }
      for (const [, id] of text.matchAll(/"id":"([^"]+)"/g)) ids.push(id as string);
      expect(ids).toEqual([...sent, "the-last-one"]);
    }
  });

  test("keeps only the last messages", async () => {
    const chat = await startChat({ historyPerRoom: 3 });
    const room = await chat.follow("lobby");
    for (const text of ["1", "2", "3", "4"]) await chat.send("lobby", message({ text }));
    await room.message(({ text }) => text === "4");
    await expect.poll(async () => (await chat.state("lobby")).messages.map(({ text }) => text)).toEqual(["2", "3", "4"]);
  });

  test("that was dropped from memory is read from the journal again, whole", async () => {
    const chat = await startChat({ rooms: 2 });
    const room = await chat.follow("first");
    const early = message({ text: "early" });
    await chat.send("first", early);
    await room.message();
    for (const other of ["second", "third", "fourth"]) await chat.send(other, message());
    expect((await chat.send("first", early)).status).toBe(200);
    await chat.send("first", message({ text: "late" }));
    await room.message();
    await expect.poll(async () => (await chat.state("first")).messages.map(({ text }) => text)).toEqual(["early", "late"]);
    expect(room.seen).toHaveLength(2);
  });

  test("ignores what is not a message, whoever published it", async () => {
    const chat = await startChat();
    const room = await chat.follow("lobby");
    const forged = [
      "not json",
      "null",
      "[]",
      JSON.stringify({ id: 1, nickname: "x", text: "x", at: 1 }),
      JSON.stringify({ id: "x", nickname: "x".repeat(1000), text: "x", at: 1 }),
      JSON.stringify({ id: "x", nickname: "x", text: "x".repeat(100_000), at: 1 }),
      JSON.stringify({ id: "x", nickname: "x", text: { toString: "x" }, at: 1 }),
    ];
    for (const data of forged) await chat.publish("lobby", "chat", data);
    await chat.publish("lobby", "other", "{}");
    await chat.hub.publish({
      topic: "/chat/lobby",
      type: "chat",
      data: JSON.stringify({ id: "public", nickname: "x", text: "not from the chat", at: 1 }),
    });
    await chat.publish("lobby", "chat", JSON.stringify({ id: "real", nickname: "Curl", text: "hi", at: 1 }));
    await expect.poll(async () => (await chat.state("lobby")).messages.map(({ id }) => id)).toEqual(["real"]);
    room.close();
  });
});

describe("a retry", () => {
  test("is recognised while the first try is under way, and afterwards", async () => {
    const chat = await startChat();
    const room = await chat.follow("lobby");
    const body = message({ text: "once" });
    const tries = await Promise.all([chat.send("lobby", body), chat.send("lobby", body), chat.send("lobby", body)]);
    expect(tries.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 200, 201]);
    expect((await chat.send("lobby", body)).status).toBe(200);
    await chat.send("lobby", message({ text: "after" }));
    await room.message(({ text }) => text === "after");
    expect(room.seen).toHaveLength(2);
  });

  test("is recognised after a restart, and the history is still there", async () => {
    const directory = temporaryDirectory("chat");
    const body = message({ text: "before the restart" });
    const first = await startChat({ journal: await logJournal({ directory }) });
    expect((await first.send("lobby", body)).status).toBe(201);
    await first.publish("lobby", "reply", JSON.stringify({ id: "bot-x", nickname: "artie", text: "half a" }));
    await first.stop();

    const second = await startChat({ journal: await logJournal({ directory }) });
    expect((await second.send("lobby", body)).status).toBe(200);
    const state = await second.state("lobby");
    expect(state.messages.map(({ text }) => text)).toEqual(["before the restart"]);
    expect(state.replies).toEqual([]);
  });
});

describe("a request", () => {
  test.each([
    ["an empty text", { text: " \n " }, "invalid_message", "text_empty"],
    ["a text that is too long", { text: "x".repeat(2001) }, "invalid_message", "text_too_long"],
    ["a control character", { text: "a\u0007b" }, "invalid_message", "text_control"],
    ["a text that is none", { text: 1 }, "invalid_message", "not_text"],
    ["no nickname", { nickname: undefined }, "invalid_nickname", "not_text"],
    ["an empty nickname", { nickname: "  " }, "invalid_nickname", "nickname_empty"],
    ["a nickname that is too long", { nickname: "x".repeat(33) }, "invalid_nickname", "nickname_too_long"],
    ["an invisible character in the nickname", { nickname: "A\u200bda" }, "invalid_nickname", "nickname_invisible"],
    ["a joiner between Latin letters", { nickname: "Ar\u200ctie" }, "invalid_nickname"],
    ["a joiner at the end", { nickname: "\u0645\u200d" }, "invalid_nickname"],
    ["a joiner alone", { nickname: "\u200c" }, "invalid_nickname"],
    ["a non-joiner after a letter that does not connect", { nickname: "\u0631\u0627\u200c\u0645" }, "invalid_nickname"],
    ["a joiner between a consonant and no virama", { nickname: "\u0915\u200d\u0937" }, "invalid_nickname"],
    ["emoji joined to no emoji that there is", { nickname: "🦦\u200d🦦" }, "invalid_nickname"],
    ["the bot's name", { nickname: "artie" }, "invalid_nickname", "nickname_of_bot"],
    ["the bot's name in capitals and wide letters", { nickname: " ＡRTIE " }, "invalid_nickname"],
    ["the bot's name with a Hangul filler", { nickname: "artie\u3164" }, "invalid_nickname"],
    ["the bot's name in part in Cyrillic", { nickname: "аrtiе" }, "invalid_nickname"],
    ["the bot's name in Cyrillic, Greek and Armenian", { nickname: "αгтіҽ" }, "invalid_nickname"],
    ["the bot's name with a dot below", { nickname: "ạrtie" }, "invalid_nickname"],
    ["the bot's name with a digit", { nickname: "art1e" }, "invalid_nickname"],
    ["the bot's name with a variation selector", { nickname: "artie\uFE0F" }, "invalid_nickname"],
    ["the bot's name in small capitals", { nickname: "ᴀʀᴛɪᴇ" }, "invalid_nickname"],
    ["a name of blanks", { nickname: "\u3164\u2800" }, "invalid_nickname"],
    ["a name of marks", { nickname: "\u0301\u0302" }, "invalid_nickname"],
    ["an id that is the bot's", { id: "bot-12345678" }, "invalid_message"],
  ] as [name: string, change: object, code: string, reason?: string][])("with %s is refused", async (_, change, code, reason) => {
    const chat = await startChat({ bot: { reply: async () => undefined } });
    const response = await chat.send("lobby", message({ ...change }));
    if (reason !== undefined) expect(await response.clone().json()).toMatchObject({ reason });
    expect(await problemOf(response)).toEqual({ status: 400, code });
  });

  test.each([
    ["a Persian name", "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645 2"],
    ["a Hindi name", "\u0915\u094d\u200d\u0937"],
    ["a Hindi name with a non-joiner", "Dr. \u0915\u094d\u200c\u0937"],
    ["joined emoji", "Ada 👩\u200d💻"],
    ["a family", "👨\u200d👩\u200d👧\u200d👦"],
  ])("with %s is taken, joiners and all", async (_, nickname) => {
    const chat = await startChat();
    expect((await chat.send("lobby", message({ nickname }))).status).toBe(201);
    await expect.poll(async () => (await chat.state("lobby")).messages[0]?.nickname).toBe(nickname);
  });

  test("under a name that only joiners tell from the bot's is refused", async () => {
    const chat = await startChat({ botName: "\u0645\u06cc\u062e\u0648\u0627\u0647\u0645", bot: { reply: async () => undefined } });
    const nickname = "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645";
    expect(await problemOf(await chat.send("lobby", message({ nickname })))).toEqual({ status: 400, code: "invalid_nickname" });
  });

  test("at the limits is taken", async () => {
    const chat = await startChat();
    const response = await chat.send("lobby", message({ nickname: "🦦".repeat(32), text: "👩‍💻".repeat(600) + "x".repeat(200) }));
    expect(response.status).toBe(201);
  });

  test("of another form, size, method or place is refused", async () => {
    const site = await startChat();
    const { chat } = site;
    const Authorization = `Bearer ${await site.token("lobby")}`;
    const post = (body: string, type: string): Promise<Response> =>
      chat.fetch(
        new Request("http://host/chat/lobby/messages", { method: "POST", headers: { "Content-Type": type, Authorization }, body }),
      );
    expect(await problemOf(await post("id=1", "application/x-www-form-urlencoded"))).toMatchObject({ code: "unsupported_media_type" });
    expect(await problemOf(await post("{", "application/json"))).toMatchObject({ code: "invalid_body" });
    expect(await problemOf(await post("null", "application/json"))).toMatchObject({ code: "invalid_body" });
    expect(await problemOf(await post("x".repeat(20_000), "application/json"))).toMatchObject({ code: "too_large" });
    const get = await chat.fetch(new Request("http://host/chat/lobby/messages"));
    expect(get.headers.get("Allow")).toBe("POST");
    expect(await problemOf(get)).toMatchObject({ code: "method_not_allowed" });
    for (const path of [
      "/chat/Lobby/state",
      "/chat/-x/state",
      "/chat/x/y/state",
      "/chat/lobby",
      `/chat/${"x".repeat(41)}/state`,
      "/chat/%2e%2e/state",
    ]) {
      expect(chat.handles(path)).toBe(false);
      expect(await problemOf(await chat.fetch(new Request(`http://host${path}`)))).toMatchObject({ code: "not_found" });
    }
  });

  test("that comes too fast is put off, by visitor and by address", async () => {
    const chat = await startChat({ limits: { perVisitor: { burst: 2, perSecond: 0.1 }, perAddress: { burst: 3, perSecond: 0.1 } } });
    const body = message();
    expect((await chat.send("lobby", body, "203.0.113.9")).status).toBe(201);
    expect((await chat.send("lobby", message(), "203.0.113.9")).status).toBe(201);
    const refused = await chat.send("lobby", message(), "203.0.113.9");
    expect(Number(refused.headers.get("Retry-After"))).toBeGreaterThan(0);
    expect(await problemOf(refused)).toEqual({ status: 429, code: "too_many_messages" });
    // A retry of what was taken costs nothing.
    expect((await chat.send("lobby", body, "203.0.113.9")).status).toBe(200);
    expect((await chat.send("lobby", message({ secret: GRACE }), "203.0.113.9")).status).toBe(429);
    expect((await chat.send("lobby", message({ secret: GRACE }), "203.0.113.10")).status).toBe(201);
    expect((await chat.send("lobby", message({ secret: GRACE }), undefined)).status).toBe(429);
  });
});

test("a chat answers 503 while its history is being read, and when the hub is closed", async () => {
  const hub = createHub({ authorization: { issuers: [chatIssuer(KEY)] } });
  onTestFinished(() => hub.close());
  const never = {
    ...hub,
    subscribe: () => ({ [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }) }),
  } as unknown as typeof hub;
  const chat = createChat({ hub: never, key: KEY, limits: { readyMs: 20 } });
  const asked = await chat.fetch(
    new Request("http://host/chat/lobby/token", { method: "POST", headers: { "Content-Type": "application/json" } }),
  );
  const { token } = (await asked.json()) as { token: string };
  const response = await chat.fetch(new Request("http://host/chat/lobby/state", { headers: { Authorization: `Bearer ${token}` } }));
  expect(response.headers.get("Retry-After")).toBe("1");
  expect(await problemOf(response)).toEqual({ status: 503, code: "unavailable" });

  const closed = await startChat();
  await closed.state("lobby");
  await closed.hub.close();
  expect((await closed.send("lobby", message())).status).toBe(503);
});

test("options out of range are refused", () => {
  const hub = createHub();
  onTestFinished(() => hub.close());
  expect(() => createChat({ hub, key: KEY, rooms: 0 })).toThrow(TypeError);
  expect(() => createChat({ hub, key: KEY, historyPerRoom: 1.5 })).toThrow(TypeError);
  expect(() => createChat({ hub, key: KEY, botName: " " })).toThrow(TypeError);
  expect(() => createChat({ hub, key: KEY, tokenLifetimeSeconds: 4 })).toThrow(TypeError);
});
