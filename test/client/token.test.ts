import { mintToken } from "artesian/http";
import { describe, expect, test } from "vitest";
import {
  ClientError,
  publish,
  subscribe,
  type StateDetail,
  type SubscribeOptions,
  type TokenSource,
} from "../../packages/client/src/index.ts";
import { startHub, type TestHub } from "../support/server.ts";
import { answer, scripted, shortStream, stream, type Script, type ScriptedServer } from "./server.ts";

const URL_OF_HUB = "https://hub.example/.well-known/mercure";
const ISSUER = "https://issuer.example";
const SECRET = "a secret of at least thirty-two bytes";

/** Long enough that the hub, which looks at its clock once a second, warns well before the end. */
const LIFETIME_S = 6;

/** Reconnects fast, so that tests are. */
const FAST: SubscribeOptions = { retryMs: 1, maxRetryMs: 5 };
/** Long enough that updates go by while a subscriber is away. */
const RETRY = { retryMs: { min: 100, max: 100 } };

const everything = [{ type: "exact", pattern: "*" }] as const;

function mint(lifetimeSeconds: number, { subject = "someone", secret = SECRET } = {}): Promise<string> {
  return mintToken({
    key: { secret, algorithm: "HS256" },
    issuer: ISSUER,
    audience: URL_OF_HUB,
    subject,
    publish: everything,
    subscribe: [{ topics: everything, payload: undefined }],
    lifetimeSeconds,
  });
}

const mintForged = (): Promise<string> => mint(600, { secret: "another secret of thirty-two bytes" });

function start(): Promise<TestHub> {
  const authorization = { issuers: [{ issuer: ISSUER, keys: [{ secret: SECRET, algorithms: ["HS256"] }] }] };
  return startHub({ url: URL_OF_HUB, anonymous: false, anonymousPublish: false, authorization, ...RETRY });
}

/** Gives one after the other, then the last one again and again; remembers how often it was asked. */
function inTurn(...makers: readonly (() => string | Promise<string>)[]): {
  get: () => Promise<string>;
  given: string[];
  calls: () => number;
} {
  const given: string[] = [];
  let calls = 0;
  return {
    given,
    calls: () => calls,
    async get() {
      const make = makers[Math.min(calls++, makers.length - 1)];
      const token = (await make?.()) ?? "";
      given.push(token);
      return token;
    },
  };
}

/** Publishes "1", "2" and so on, privately, until told to stop. */
function publishSteadily({ hub }: TestHub): () => Promise<number> {
  let count = 0;
  const timer = setInterval(() => void hub.publish({ topic: "a", data: String(++count), private: true }), 20);
  return async () => {
    clearInterval(timer);
    await hub.publish({ topic: "a", data: "end", private: true });
    return count;
  };
}

/** Waits until the hub no longer takes this token. */
async function hasEnded(url: string, token: string): Promise<void> {
  const status = async (): Promise<number> => (await fetch(url, { method: "HEAD", headers: { authorization: `Bearer ${token}` } })).status;
  await expect.poll(status).toBe(401);
}

interface Reading {
  readonly data: string[];
  readonly states: string[];
  readonly details: StateDetail[];
  /** When the hub is live, and when "end" has come. */
  readonly live: Promise<void>;
  readonly done: Promise<void>;
}

function read(url: string, options: SubscribeOptions): Reading {
  const data: string[] = [];
  const states: string[] = [];
  const details: StateDetail[] = [];
  let isLive: (() => void) | undefined;
  const live = new Promise<void>((resolve) => (isLive = resolve));
  const run = async (): Promise<void> => {
    const onState: SubscribeOptions["onState"] = (state, detail) => {
      states.push(state);
      details.push(detail);
      if (state === "live") isLive?.();
    };
    for await (const event of subscribe(url, { ...FAST, ...options, onState })) {
      if (event.data === "end") return;
      data.push(event.data);
    }
  };
  return { data, states, details, live, done: run() };
}

const countTo = (count: number): string[] => Array.from({ length: count }, (_, i) => String(i + 1));

async function failure(promise: Promise<unknown>): Promise<ClientError> {
  const error: unknown = await promise.catch((caught: unknown) => caught);
  if (!(error instanceof ClientError)) throw new Error("It did not fail as it should.", { cause: error });
  return error;
}

const sent = ({ requests }: ScriptedServer): (string | undefined)[] => requests.map(({ headers }) => headers.authorization);
const expiring = (subscriber: string): string => `event: hub:expiring\ndata: ${JSON.stringify({ expiresInMs: 9000, subscriber })}\n\n`;

describe("a token that ends, at a real hub", () => {
  test("is renewed in place: the connection goes on past the first token's end, and nothing is lost or repeated", async () => {
    const test = await start();
    let connections = 0;
    test.server.on("request", ({ method }) => (connections += method === "GET" ? 1 : 0));
    const readings = [test.url, `${test.origin}/.well-known/mercure?match=a`].map((url) => {
      const tokens = inTurn(
        () => mint(LIFETIME_S),
        () => mint(600),
      );
      return { tokens, ...read(url, { token: tokens.get }) };
    });
    for (const { live } of readings) await live;
    const stop = publishSteadily(test);
    for (const { tokens } of readings) await hasEnded(test.url, tokens.given[0] ?? "");
    expect(test.hub.stats().subscribers).toBe(2);
    const count = await stop();
    for (const { done, states, data, tokens } of readings) {
      await done;
      expect(states).toEqual(["connecting", "live", "closed"]);
      expect(data).toEqual(countTo(count));
      expect(tokens.calls()).toBe(2);
    }
    expect(connections).toBe(2);
  });

  test("and can't be renewed, ends the stream; it goes on with another token, and nothing is lost or repeated", async () => {
    const test = await start();
    const tokens = inTurn(
      () => mint(LIFETIME_S),
      // The hub renews for the same subject only.
      () => mint(600, { subject: "someone else" }),
    );
    const reading = read(test.url, { token: tokens.get });
    await reading.live;
    const stop = publishSteadily(test);
    await hasEnded(test.url, tokens.given[0] ?? "");
    const count = await stop();
    await reading.done;
    expect(reading.states).toEqual(["connecting", "live", "reconnecting", "live", "closed"]);
    expect(reading.data).toEqual(countTo(count));
    expect(tokens.calls()).toBe(2);
  });

  test("and whose function fails then, is replaced when the function works again", async () => {
    const test = await start();
    const fail = (): never => {
      throw new Error("The issuer is away.");
    };
    const tokens = inTurn(
      () => mint(LIFETIME_S),
      fail,
      fail,
      () => mint(600),
    );
    const reading = read(test.url, { token: tokens.get });
    await reading.live;
    const stop = publishSteadily(test);
    await hasEnded(test.url, tokens.given[0] ?? "");
    const count = await stop();
    await reading.done;
    expect(reading.states).toEqual(["connecting", "live", "reconnecting", "reconnecting", "live", "closed"]);
    expect(reading.details.map(({ reason }) => reason)).toContain("The token function failed: The issuer is away.");
    expect(reading.data).toEqual(countTo(count));
  });

  test("and is not taken at first, is replaced at once", async () => {
    const test = await start();
    const tokens = inTurn(mintForged, () => mint(600));
    const reading = read(test.url, { token: tokens.get });
    await reading.live;
    await test.hub.publish({ topic: "a", data: "end", private: true });
    await reading.done;
    expect(reading.states).toEqual(["connecting", "live", "closed"]);
  });

  test("and is never taken, is the end with the second one", async () => {
    const test = await start();
    const tokens = inTurn(mintForged);
    expect(await failure(read(test.url, { token: tokens.get }).done)).toMatchObject({ status: 401, code: "invalid_token" });
    expect(tokens.calls()).toBe(2);
  });
});

describe("401", () => {
  /** A function that counts, so that the requests show which token was whose. */
  const counted = (): (() => string) => {
    let count = 0;
    return () => `t${++count}`;
  };

  test("on coming back, another token is tried at once; the one in use is kept until then", async () => {
    const server = await scripted(
      shortStream("id: 1\ndata: a\n\n"),
      shortStream("id: 2\ndata: b\n\n"),
      answer(401, ""),
      stream("data: end\n\n"),
    );
    const reading = read(server.url, { token: counted() });
    await reading.done;
    expect(reading.states).toEqual(["connecting", "live", "reconnecting", "live", "reconnecting", "live", "closed"]);
    expect(sent(server)).toEqual(["Bearer t1", "Bearer t1", "Bearer t1", "Bearer t2"]);
    expect(server.requests.map(({ headers }) => headers["last-event-id"])).toEqual([undefined, "1", "2", "2"]);
    for (const { url } of server.requests) expect(url).toBe("/events/stream");
  });

  test.each([
    ["new ones", counted(), ["t1", "t1", "t2", "t3"]],
    ["the same one again", (): string => "t", ["t", "t", "t", "t"]],
  ])("on coming back, and again with two tokens (%s), is the end", async (_name, token, expected) => {
    const server = await scripted(shortStream("data: a\n\n"), answer(401, ""));
    const reading = read(server.url, { token });
    expect(await failure(reading.done)).toMatchObject({ status: 401 });
    expect(sent(server)).toEqual(expected.map((one) => `Bearer ${one}`));
    // The second new one is waited for.
    expect(reading.states).toEqual(["connecting", "live", "reconnecting", "reconnecting", "closed"]);
  });

  test("with a string is the end at once", async () => {
    const server = await scripted(answer(401, ""));
    expect(await failure(read(server.url, { token: "t.o-k_e~n+/==" }).done)).toMatchObject({ status: 401 });
    expect(sent(server)).toEqual(["Bearer t.o-k_e~n+/=="]);
  });
});

describe("renewing", () => {
  /** Streams a warning, answers the renewal by `renewal`, and then ends the stream's wait by "end". */
  async function renewals(path: string, renewal: Script, options: SubscribeOptions): Promise<ScriptedServer> {
    let finish: (() => void) | undefined;
    const server = await scripted(
      (res) => {
        res.writeHead(200, { "content-type": "text/event-stream" });
        res.write(expiring("an-id"));
        finish = () => res.write("data: end\n\n");
      },
      (res, req) => {
        res.on("close", () => finish?.());
        renewal(res, req);
      },
    );
    await read(new URL(path, server.url).href, options).done;
    return server;
  }

  test.each([
    ["/events/stream?x=1", {}, "/.well-known/mercure/subscribers/an-id"],
    ["/hub/?match=a", {}, "/hub/subscribers/an-id"],
    ["/", {}, "/subscribers/an-id"],
  ])("%s goes to the right path, whatever comes of it", async (path, options, expected) => {
    for (const script of [answer(200, "{}"), answer(404, ""), answer(500, "")]) {
      let count = 0;
      const server = await renewals(path, script, { ...options, headers: { "x-test": "1" }, token: () => `t${++count}` });
      const [, renewal, ...others] = server.requests;
      expect(others).toEqual([]);
      expect(renewal).toMatchObject({ method: "POST", url: expected });
      expect(renewal?.headers).toMatchObject({ authorization: "Bearer t2", "content-length": "0", "x-test": "1" });
    }
  });

  test("goes to `renewUrl` where there is one", async () => {
    const other = await scripted(answer(200, "{}"));
    let count = 0;
    const server = await scripted(stream(expiring("an-id")));
    const stop = new AbortController();
    const reading = read(server.url, {
      renewUrl: `${new URL(other.url).origin}/my/hub?x=1`,
      token: () => `t${++count}`,
      signal: stop.signal,
    });
    await expect.poll(() => other.requests.length).toBe(1);
    stop.abort();
    await reading.done;
    expect(other.requests[0]).toMatchObject({ method: "POST", url: "/my/hub/subscribers/an-id" });
  });

  test("is not asked for with a string, nor by an id that leads elsewhere; the warning is not yielded", async () => {
    for (const [token, id] of [
      ["t", "an-id"],
      [(): string => "t", ".."],
      [(): string => "t", "a/../b"],
    ] as const) {
      const server = await scripted(stream(expiring(id), "event: hub:expiring\ndata: nonsense\n\n", "data: end\n\n"));
      const reading = read(server.url, { token });
      await reading.done;
      expect(reading.data).toEqual([]);
      expect(server.requests).toHaveLength(1);
    }
  });

  /** Streams a warning, answers the renewal, and ends the stream when the client has seen the answer. */
  async function renewThenEnd(...scripts: readonly Script[]): Promise<{ server: ScriptedServer; reading: Reading }> {
    let count = 0;
    let end: (() => void) | undefined;
    const server = await scripted(
      (res) => {
        res.writeHead(200, { "content-type": "text/event-stream" });
        res.write(expiring("an-id"));
        end = () => res.end();
      },
      ...scripts,
    );
    const endAfterRenewal: typeof fetch = async (input, init) => {
      const response = await fetch(input, init);
      if (init?.method === "POST") setImmediate(() => end?.());
      return response;
    };
    return { server, reading: read(server.url, { token: () => `t${++count}`, fetch: endAfterRenewal }) };
  }

  test("with a token that is refused does not keep that token", async () => {
    const { server, reading } = await renewThenEnd(answer(401, ""), stream("data: end\n\n"));
    await reading.done;
    expect(sent(server)).toEqual(["Bearer t1", "Bearer t2", "Bearer t3"]);
  });

  test("makes the new token one that worked: its end later does not count as a refusal", async () => {
    const { server, reading } = await renewThenEnd(answer(200, "{}"), answer(401, ""));
    expect(await failure(reading.done)).toMatchObject({ status: 401 });
    expect(sent(server)).toEqual(["Bearer t1", "Bearer t2", "Bearer t2", "Bearer t3", "Bearer t4"]);
  });
});

describe("the token function", () => {
  test("is called once for all who need it at the same time", async () => {
    const test = await start();
    const tokens = inTurn(() => mint(600));
    const reading = read(test.url, { token: tokens.get });
    const ids = await Promise.all(["1", "2", "3"].map((data) => publish(test.url, { topic: "a", data, id: data }, { token: tokens.get })));
    expect(ids).toEqual(["1", "2", "3"]);
    expect(tokens.calls()).toBe(1);
    await reading.live;
    await publish(test.url, { topic: "a", data: "end" }, { token: tokens.get });
    // Nothing is kept for the next publishing: by then another user may be at work.
    expect(tokens.calls()).toBe(2);
    await reading.done;
  });

  test("is called again when it hangs", async () => {
    const server = await scripted(stream("data: end\n\n"));
    const tokens = inTurn(
      () => new Promise<string>(() => undefined),
      () => "t",
    );
    const reading = read(server.url, { token: tokens.get, idleTimeoutMs: 1000 });
    await reading.done;
    expect(reading.details[1]?.reason).toBe("The token function gave nothing within 1 s.");
    expect(sent(server)).toEqual(["Bearer t"]);
  });

  test("may end it for good", async () => {
    const server = await scripted(stream("data: end\n\n"));
    const error = new ClientError("Signed out.", { code: "signed_out", status: 401 });
    const token: TokenSource = () => Promise.reject(error);
    expect(await failure(read(server.url, { token }).done)).toBe(error);
    expect(await failure(publish(server.url, { topic: "a" }, { token }))).toBe(error);
    expect(server.requests).toEqual([]);
  });

  test("does not keep an abort waiting", async () => {
    const server = await scripted(stream("data: end\n\n"));
    const stop = new AbortController();
    const token = (): Promise<string> => {
      queueMicrotask(() => stop.abort(new Error("enough")));
      return new Promise(() => undefined);
    };
    await read(server.url, { token, signal: stop.signal }).done;
    await expect(publish(server.url, { topic: "a" }, { token, signal: stop.signal })).rejects.toThrow("enough");
    expect(server.requests).toEqual([]);
  });

  test("and the string are not quoted where they are not tokens", async () => {
    const server = await scripted(stream("data: end\n\n"));
    for (const token of ["s3cret\n", "", "s3cret\r\nx: y", "sécret"]) {
      expect(() => subscribe(server.url, { token })).toThrow(TypeError);
      expect(() => subscribe(server.url, { token })).not.toThrow(/s3cret|sécret/);
      const error = await failure(publish(server.url, { topic: "a" }, { token: () => token }));
      expect(error).toMatchObject({ code: "token_unavailable", temporary: true, message: expect.not.stringMatching(/s3cret|sécret/) });
    }
    expect(server.requests).toEqual([]);
  });
});

describe("publishing with a token", () => {
  test("tries another one after 401, once", async () => {
    const { hub, url } = await start();
    const tokens = inTurn(mintForged, () => mint(600));
    expect(await publish(url, [{ topic: "a", id: "1" }], { token: tokens.get })).toEqual(["1"]);
    expect(hub.stats().tail).toBe(1);
    const forged = inTurn(mintForged);
    expect(await failure(publish(url, { topic: "a" }, { token: forged.get }))).toMatchObject({ status: 401, code: "invalid_token" });
    expect(forged.calls()).toBe(2);
    expect(hub.stats().tail).toBe(1);
  });

  test("takes a string as it is", async () => {
    const { url } = await start();
    expect(await publish(url, { topic: "a", id: "1" }, { token: await mint(600) })).toBe("1");
    const server = await scripted(answer(401, ""));
    expect(await failure(publish(server.url, { topic: "a" }, { token: "t" }))).toMatchObject({ status: 401 });
    expect(sent(server)).toEqual(["Bearer t"]);
  });
});
