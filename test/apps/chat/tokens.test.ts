import { mintToken } from "artesian/http";
import { decodeJwt, decodeProtectedHeader, SignJWT } from "jose";
import { describe, expect, test } from "vitest";
import { publicVisitor } from "../../../demo/src/chat/server/names.ts";
import { VisitorCookie } from "../../../demo/src/chat/server/visitor-cookie.ts";
import type { ChatToken } from "../../../demo/src/chat/server/wire.ts";
import { openStream } from "../../support/stream.ts";
import { ADA, BACKEND, GRACE, KEY, message, startChat, type TestChat } from "./support.ts";

async function tokenOf(response: Response): Promise<ChatToken> {
  expect(response.status).toBe(200);
  return (await response.json()) as ChatToken;
}

async function codeOf(response: Response): Promise<string> {
  const { code } = (await response.json()) as { code: string };
  return `${response.status} ${code}`;
}

function askState(chat: TestChat, room: string, authorization?: string): Promise<Response> {
  const headers: Record<string, string> = authorization === undefined ? {} : { Authorization: authorization };
  return chat.chat.fetch(new Request(`http://host/chat/${room}/state`, { headers }));
}

describe("a visitor's token", () => {
  test("is short-lived, for one room, and in the name of the cookie's visitor", async () => {
    const chat = await startChat();
    const response = await chat.askToken("lobby", ADA);
    expect(response.headers.get("Cache-Control")).toBe("no-store");
    const answer = await tokenOf(response);
    expect(answer).toMatchObject({ expiresInMs: 300_000, visitor: publicVisitor(ADA) });
    expect(decodeProtectedHeader(answer.token)).toMatchObject({ alg: "HS256", typ: "at+jwt" });
    const claims = decodeJwt(answer.token);
    expect(claims).toMatchObject({
      iss: KEY.issuer,
      aud: chat.hub.url,
      sub: publicVisitor(ADA),
      authorization_details: [{ actions: ["subscribe"], topics: [{ match: "/chat/lobby" }] }],
    });
    expect((claims.exp ?? 0) - (claims.iat ?? 0)).toBe(300);
    expect(JSON.stringify(claims)).not.toContain(ADA);
    // Renewing compares `sub`.
    expect((await tokenOf(await chat.askToken("other", ADA))).visitor).toBe(answer.visitor);
  });

  test("is in a new visitor's name without a cookie that the chat could have made", async () => {
    const chat = await startChat();
    const first = await chat.askToken("lobby");
    const cookie = first.headers.get("Set-Cookie") ?? "";
    expect(cookie).toMatch(/^artesian_chat=[\w-]{22}; Path=\/chat; HttpOnly; SameSite=Strict; Max-Age=\d+$/);
    const { visitor } = await tokenOf(first);
    expect(visitor).toBe(publicVisitor(cookie.slice("artesian_chat=".length, "artesian_chat=".length + 22)));
    const visitors = new Set([visitor]);
    // A public name tag is no secret: who brings it gets a stranger's token.
    for (const secret of [undefined, "", "short", `${ADA}x`, visitor, `${ADA.slice(1)}*`]) {
      const response = await chat.askToken("lobby", secret);
      expect(response.headers.get("Set-Cookie")).not.toContain(`artesian_chat=${secret};`);
      visitors.add((await tokenOf(response)).visitor);
    }
    expect(visitors.size).toBe(7);
    expect(visitors).not.toContain(publicVisitor(ADA));
  });

  test("comes with a cookie that on https belongs to this host alone", () => {
    const secret = "x".repeat(22);
    const cookie = new VisitorCookie("https://example.com/.well-known/mercure");
    expect(cookie.write(secret)).toMatch(/^__Host-artesian_chat=x{22}; Path=\/; Secure; HttpOnly; SameSite=Strict; /);
    const read = (Cookie: string): string | undefined => cookie.read(new Request("https://example.com/", { headers: { Cookie } }));
    expect(read(`a=1; __Host-artesian_chat=${secret}`)).toBe(secret);
    expect(read(`artesian_chat=${secret}`)).toBeUndefined();
  });

  test("is not given to what another site's form could send", async () => {
    const { chat } = await startChat();
    const ask = (init: RequestInit): Promise<Response> => chat.fetch(new Request("http://host/chat/lobby/token", init));
    expect(await codeOf(await ask({ method: "GET" }))).toBe("405 method_not_allowed");
    expect(await codeOf(await ask({ method: "POST", body: new URLSearchParams({ a: "b" }) }))).toBe("415 unsupported_media_type");
    const plain = await ask({ method: "POST", body: "{}" });
    expect(plain.headers.has("Set-Cookie")).toBe(false);
    expect(await codeOf(plain)).toBe("415 unsupported_media_type");
  });

  test("is put off when it is asked for too fast, by visitor and by address", async () => {
    const chat = await startChat({
      limits: { tokensPerVisitor: { burst: 2, perSecond: 0.1 }, tokensPerAddress: { burst: 3, perSecond: 0.1 } },
    });
    for (let i = 0; i < 2; i++) expect((await chat.askToken("lobby", ADA, "203.0.113.9")).status).toBe(200);
    const refused = await chat.askToken("lobby", ADA, "203.0.113.9");
    expect(Number(refused.headers.get("Retry-After"))).toBeGreaterThan(0);
    expect(await codeOf(refused)).toBe("429 too_many_tokens");
    expect(await codeOf(await chat.askToken("lobby", undefined, "203.0.113.9"))).toBe("429 too_many_tokens");
    expect((await chat.askToken("lobby", GRACE, "203.0.113.10")).status).toBe(200);
    expect(await codeOf(await chat.askToken("other", ADA))).toBe("429 too_many_tokens");
  });
});

describe("a room", () => {
  test("answers to nobody without a token for it", async () => {
    const chat = await startChat();
    const good = await chat.token("lobby");
    const other = await chat.token("other");
    const claims = decodeJwt(good);
    const sign = (change: object, { secret = KEY.secret, typ = "at+jwt" } = {}): Promise<string> =>
      new SignJWT({ ...claims, ...change }).setProtectedHeader({ alg: "HS256", typ }).sign(secret);
    const [, payload = ""] = good.split(".");
    const none = Buffer.from(JSON.stringify({ alg: "none", typ: "at+jwt" })).toString("base64url");
    const invalid = [
      "x",
      `${good}x`,
      `${none}.${payload}.`,
      await sign({}, { secret: BACKEND.secret }),
      await sign({}, { typ: "JWT" }),
      await sign({ exp: Math.floor(Date.now() / 1000) - 6 }),
      await sign({ exp: undefined }),
      await sign({ aud: "https://elsewhere.example" }),
      await sign({ iss: BACKEND.issuer }),
    ];
    const send = (authorization: string): Promise<Response> =>
      chat.chat.fetch(
        new Request("http://host/chat/lobby/messages", {
          method: "POST",
          headers: { "Content-Type": "application/json", Authorization: authorization },
          body: JSON.stringify(message()),
        }),
      );
    for (const token of invalid) {
      const response = await askState(chat, "lobby", `Bearer ${token}`);
      expect(response.headers.get("WWW-Authenticate")).toBe('Bearer error="invalid_token"');
      expect(await codeOf(response)).toBe("401 invalid_token");
      expect(await codeOf(await send(`Bearer ${token}`))).toBe("401 invalid_token");
    }
    for (const authorization of [undefined, "", `Basic ${good}`, `Bearer ${good}, Bearer ${good}`]) {
      expect(await codeOf(await askState(chat, "lobby", authorization))).toBe("401 unauthorized");
    }
    expect(await codeOf(await askState(chat, "lobby", `Bearer ${other}`))).toBe("403 insufficient_scope");
    expect(await codeOf(await send(`Bearer ${other}`))).toBe("403 insufficient_scope");
    expect((await askState(chat, "lobby", `bearer ${await sign({})}`)).status).toBe(200);
    expect((await send(`Bearer ${good}`)).status).toBe(201);
  });

  test("is heard by holders of its token alone, live and replayed, whatever they ask for", async () => {
    const chat = await startChat({ bot: { reply: async () => "An answer" }, limits: { presenceDebounceMs: 5, replyIntervalMs: 5 } });
    const ada = await chat.follow("lobby", { secret: ADA, nickname: "Ada" });
    await ada.presence();
    await chat.send("lobby", message({ id: "before-they-came" }));
    await ada.message(({ bot }) => bot === true);
    const strangers = [undefined, await chat.token("other")];
    const seen: string[] = [];
    const done: Promise<void>[] = [];
    for (const token of strangers) {
      const headers: Record<string, string> = token === undefined ? {} : { Authorization: `Bearer ${token}` };
      for (const query of ["match=/chat/lobby", "match=*", "match_urlpattern=/chat/*", "match=/chat/lobby&match=/chat/other"]) {
        for (const cursor of ["", "&last_event_id=earliest"]) {
          const stream = await openStream(`${chat.origin}/events/stream?${query}&match=sign${cursor}`, { headers });
          done.push(
            (async () => {
              for (let event = await stream.next(); event.data !== "the end"; event = await stream.next()) seen.push(event.data);
            })(),
          );
        }
      }
    }
    await chat.send("lobby", message({ id: "while-they-listen", text: "@artie hello" }));
    await ada.message(({ id }) => id === "while-they-listen");
    await ada.message(({ bot }) => bot === true);
    await chat.hub.publish({ topic: "sign", data: "the end" });
    await Promise.all(done);
    expect(seen).toEqual([]);

    const late = await chat.open(await chat.token("lobby", GRACE), ["/chat/lobby"], "earliest");
    const types = (await late.take(5)).map(({ event }) => event);
    expect(types).toEqual(expect.arrayContaining(["chat", "presence"]));
  });
});

describe("nobody but the chat speaks in a room", () => {
  const forged = JSON.stringify({ id: "forged", nickname: "artie", text: "I am the bot", at: 1, bot: true });

  test("though everyone may publish at the hub, and holders of a token for everything may", async () => {
    const chat = await startChat();
    const room = await chat.follow("lobby");
    const everything = await mintToken({
      key: { secret: BACKEND.secret, algorithm: "HS256" },
      issuer: BACKEND.issuer,
      audience: chat.hub.url,
      subject: "backend",
      publish: [{ type: "exact", pattern: "*" }],
      lifetimeSeconds: 60,
    });
    const update = { topic: "/chat/lobby", type: "chat", data: forged };
    const json = (value: unknown): RequestInit => ({ headers: { "Content-Type": "application/json" }, body: JSON.stringify(value) });
    const requests: RequestInit[] = [
      { body: new URLSearchParams(update) },
      { body: new URLSearchParams({ ...update, private: "on" }) },
      { body: new URLSearchParams([...Object.entries(update), ["topic", "greeting"]]) },
      { body: new URLSearchParams([["topic", "greeting"], ...Object.entries(update)]) },
      json(update),
      json({ ...update, topic: ["greeting", "/chat/lobby"], private: true }),
      json([{ topic: "greeting" }, update]),
      { headers: { "Content-Type": "application/x-ndjson" }, body: `{"topic":"greeting"}\n${JSON.stringify(update)}` },
      ...[
        "/chat/./lobby",
        "/x/../chat/lobby",
        "\\chat\\lobby",
        "/chat/%6Cobby",
        "/chat/lobby?x",
        "/chat/lobby#x",
        "/chat/a/here/b/c",
      ].flatMap((topic) => [json({ ...update, topic }), json({ ...update, topic: new URL(topic, chat.hub.url).href })]),
    ];
    for (const init of requests) {
      for (const authorization of [undefined, `Bearer ${everything}`]) {
        const headers = {
          ...(init.headers as Record<string, string>),
          ...(authorization === undefined ? {} : { Authorization: authorization }),
        };
        const response = await fetch(`${chat.origin}/events/stream`, { ...init, method: "POST", headers });
        expect(`${init.body as string} ${await codeOf(response)}`).toBe(`${init.body as string} 400 reserved_topic`);
      }
    }
    // Everything else is as open as it was, `/chatter` too.
    const published = await fetch(`${chat.origin}/events/stream`, { method: "POST", body: new URLSearchParams({ topic: "/chatter" }) });
    expect(published.status).toBe(200);
    await chat.send("lobby", message({ id: "the-only-one" }));
    await room.message();
    expect(room.seen).toMatchObject([{ data: { id: "the-only-one" } }]);
    expect((await chat.state("lobby")).messages.map(({ id }) => id)).toEqual(["the-only-one"]);
  });

  test("and a visitor's token publishes nowhere", async () => {
    const chat = await startChat();
    const headers = { Authorization: `Bearer ${await chat.token("lobby")}` };
    for (const topic of ["/chat/lobby", "greeting"]) {
      const response = await fetch(`${chat.origin}/events/stream`, { method: "POST", headers, body: new URLSearchParams({ topic }) });
      expect(await codeOf(response)).toBe("401 invalid_token");
    }
  });
});
