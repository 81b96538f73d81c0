import { once } from "node:events";
import { createServer as createTcpServer } from "node:net";
import { deflateSync, gzipSync } from "node:zlib";
import { describe, expect, onTestFinished, test } from "vitest";
import { HttpError, type HttpFailure, TemporaryError } from "../../packages/sources/src/errors.ts";
import { checkTiming, conditionalGet, decodeText, pollLoop, type HttpAnswer } from "../../packages/sources/src/http/index.ts";
import { freshForOf, retryAfterOf } from "../../packages/sources/src/http/headers.ts";
import { redirectTarget } from "../../packages/sources/src/http/redirects.ts";
import { SourceError } from "../../packages/sources/src/index.ts";
import { answer, deadUrl, scripted, type Script } from "../client/server.ts";
import { fastClock, record } from "./context.ts";

const redirect = (location: string, status = 302): Script => answer(status, "", { location });

async function bodyOf(promise: Promise<HttpAnswer>): Promise<string> {
  const result = await promise;
  return result.kind === "changed" ? Buffer.from(result.body).toString() : result.kind;
}

async function failureOf(promise: Promise<unknown>): Promise<HttpError> {
  const error: unknown = await promise.then(
    () => new Error("It did not fail."),
    (reason: unknown) => reason,
  );
  if (!(error instanceof HttpError)) throw error;
  return error;
}

async function expectFailure(promise: Promise<unknown>, code: HttpFailure, message: RegExp): Promise<HttpError> {
  const error = await failureOf(promise);
  expect(error.code).toBe(code);
  expect(error.message).toMatch(message);
  return error;
}

describe("a conditional request", () => {
  test("asks with both validators, and 304 is no change", async () => {
    const validators = { etag: '"v1"', "last-modified": "Sun, 22 Nov 2026 10:00:00 GMT" };
    const server = await scripted(answer(200, "one", { ...validators, "content-type": "text/plain" }), answer(304, ""));
    const first = await conditionalGet(server.url);
    if (first.kind !== "changed") throw new Error("304 without a condition");
    expect(Buffer.from(first.body).toString()).toBe("one");
    expect(first.contentType).toBe("text/plain");
    expect(await conditionalGet(server.url, { previous: first.validators })).toEqual({ kind: "unchanged", freshForMs: 0 });
    expect(server.requests.map(({ headers }) => [headers["if-none-match"], headers["if-modified-since"]])).toEqual([
      [undefined, undefined],
      ['"v1"', "Sun, 22 Nov 2026 10:00:00 GMT"],
    ]);
    // What is asked of caches on the way would cost the server what they are there to save.
    expect(server.requests.map(({ headers }) => headers["cache-control"])).toEqual([undefined, undefined]);
  });

  test("does not tell another address's validators", async () => {
    const server = await scripted(answer(200, "one", { etag: '"v1"' }), answer(200, "two", { etag: '"v1"' }));
    const first = await conditionalGet(server.url);
    const previous = first.kind === "changed" ? first.validators : undefined;
    expect(await bodyOf(conditionalGet(`${server.url}?other`, { previous }))).toBe("two");
    expect(server.requests[1]?.headers["if-none-match"]).toBeUndefined();
  });

  test("304 without a condition is a failure", async () => {
    const server = await scripted(answer(304, ""));
    await expectFailure(conditionalGet(server.url), "status", /304/);
  });

  test("carries the validators of where redirects lead, and no address", async () => {
    const server = await scripted(
      redirect("/final?key=secret"),
      answer(200, "one", { etag: '"f"' }),
      redirect("/final?key=secret"),
      answer(304, ""),
    );
    const first = await conditionalGet(server.url);
    const previous = first.kind === "changed" ? first.validators : undefined;
    expect(JSON.stringify(previous)).not.toContain("secret");
    expect((await conditionalGet(server.url, { previous })).kind).toBe("unchanged");
    expect(server.requests.map(({ headers }) => headers["if-none-match"])).toEqual([undefined, undefined, undefined, '"f"']);
  });
});

describe("redirects", () => {
  test("are followed a bounded number of times", async () => {
    const server = await scripted((res, req) => res.writeHead(302, { location: `/${Number(req.url?.slice(1) || 0) + 1}` }).end());
    await expectFailure(conditionalGet(`${new URL(server.url).origin}/0`, { maxRedirects: 3 }), "redirect", /more than 3 times/);
    expect(server.requests).toHaveLength(4);
  });

  test("in a circle end", async () => {
    const server = await scripted((res, req) => res.writeHead(301, { location: req.url === "/a" ? "/b" : "/a" }).end());
    await expectFailure(conditionalGet(new URL("/a", server.url)), "redirect", /in a circle/);
    expect(server.requests).toHaveLength(2);
  });

  test("to another origin take no credentials along, and back neither", async () => {
    const other = await scripted((res) => res.writeHead(302, { location: `${server.url}/back` }).end());
    const server = await scripted(redirect(other.url), answer(200, "done"));
    const { host } = new URL(server.url);
    const headers = { "X-Api-Key": "k", Cookie: "c=1", "Accept-Language": "de" };
    expect(await bodyOf(conditionalGet(`http://me:pa%3Ass@${host}/start`, { headers }))).toBe("done");
    const basic = `Basic ${Buffer.from("me:pa:ss").toString("base64")}`;
    expect(server.requests[0]?.headers).toMatchObject({ authorization: basic, "x-api-key": "k", cookie: "c=1", "accept-language": "de" });
    for (const request of [other.requests[0], server.requests[1]]) {
      expect(request?.headers).toMatchObject({ "accept-language": "de", "user-agent": "artesian" });
      for (const name of ["authorization", "x-api-key", "cookie"]) expect(request?.headers[name], name).toBeUndefined();
    }
  });

  test("keep credentials on their own origin", async () => {
    const server = await scripted(redirect("/next", 308), answer(200, "done"));
    await conditionalGet(server.url, { headers: { "x-api-key": "k" } });
    expect(server.requests[1]?.headers["x-api-key"]).toBe("k");
  });

  test.each([
    ["https://example.com/", "http://example.com/"],
    ["http://example.com/", "file:///etc/passwd"],
    ["http://example.com/", "data:text/plain,x"],
  ])("from %s to %s are refused", (from, to) => {
    const response = new Response(null, { status: 302, headers: { location: to } });
    expect(() => redirectTarget(response, new URL(from))).toThrow(/not followed/);
  });

  test("without an address are a failure", async () => {
    const server = await scripted(answer(302, ""), redirect("http://"));
    await expectFailure(conditionalGet(server.url), "redirect", /not to an address/);
    await expectFailure(conditionalGet(server.url), "redirect", /not to an address/);
  });
});

describe("answers that are none", () => {
  test.each([
    [500, /answered 500/],
    [404, /404 Not Found\. Check the address/],
    [401, /Check the credentials/],
    [410, /gone for good/],
  ])("%i is told", async (status, message) => {
    const server = await scripted(answer(status, "x".repeat(100_000)));
    expect((await expectFailure(conditionalGet(`${server.url}?key=secret`), "status", message)).message).not.toContain("secret");
  });

  test.each([429, 503])("%i carries Retry-After", async (status) => {
    const server = await scripted(answer(status, "", { "retry-after": "120" }));
    expect((await failureOf(conditionalGet(server.url))).retryAfterMs).toBe(120_000);
  });

  test("a server that is not there is told of", async () => {
    await expectFailure(conditionalGet(await deadUrl()), "unreachable", /cannot be reached: .*ECONNREFUSED/);
  });

  test("a server that does not answer, or not to the end, is given up", async () => {
    const silent = await scripted(() => undefined);
    await expectFailure(conditionalGet(silent.url, { timeoutMs: 50 }), "timeout", /within 0\.05 s/);
    const dripping = await scripted((res) => {
      res.writeHead(200, { "content-length": "1000000" });
      const timer = setInterval(() => res.write("x"), 5);
      res.on("close", () => clearInterval(timer));
    });
    await expectFailure(conditionalGet(dripping.url, { timeoutMs: 1000 }), "timeout", /in full/);
  });

  test("the caller's signal ends it with its own reason", async () => {
    const controller = new AbortController();
    const server = await scripted(() => controller.abort(new Error("enough")));
    await expect(conditionalGet(server.url, { signal: controller.signal })).rejects.toThrow("enough");
  });

  test("a body that breaks off is no body", async () => {
    const short = await scripted((res) => {
      res.writeHead(200, { "content-length": "1000" });
      res.write("x".repeat(10), () => res.destroy());
    });
    await expectFailure(conditionalGet(short.url), "broken", /broke off/);
    const chunked = await scripted((res) => {
      res.writeHead(200);
      res.write("x".repeat(10), () => res.destroy());
    });
    await expectFailure(conditionalGet(chunked.url), "broken", /broke off/);
    const compressed = await scripted((res) => {
      res.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync("x".repeat(100_000)).subarray(0, 60));
    });
    await expectFailure(conditionalGet(compressed.url), "broken", /broke off/);
  });

  test("a compression that is not known is told of, and one that is not there is none", async () => {
    const zstd = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x04, 0x00, 0x59, 0x00, 0x00, 0x78]);
    const server = await scripted(
      (res) => res.writeHead(200, { "content-encoding": "zstd" }).end(zstd),
      answer(200, "plain", { "content-encoding": "gzip" }),
    );
    await expectFailure(conditionalGet(server.url), "broken", /compressed as "zstd"/);
    expect(await bodyOf(conditionalGet(server.url))).toBe("plain");
  });

  test("a connection that was kept, and closed meanwhile, is no failure", async () => {
    const server = await scripted(answer(200, "one"), (res) => res.destroy(), answer(200, "two"));
    await conditionalGet(server.url);
    expect(await bodyOf(conditionalGet(server.url))).toBe("two");
    expect(server.requests).toHaveLength(3);
  });

  test("a connection that speaks something else is told of", async () => {
    const server = createTcpServer((socket) => void socket.end("220 mail ready\r\n")).listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => void server.close());
    const address = server.address();
    const port = typeof address === "object" ? address?.port : 0;
    await expectFailure(conditionalGet(`http://127.0.0.1:${port}/`), "unreachable", /cannot be reached/);
  });
});

describe("the bound of the body", () => {
  test("holds for what is announced", async () => {
    const server = await scripted(answer(200, "x".repeat(1001), { "content-length": "1001" }), answer(200, "x".repeat(1000)));
    await expectFailure(conditionalGet(server.url, { maxBytes: 1000 }), "too_large", /larger than 1000 bytes/);
    expect(await bodyOf(conditionalGet(server.url, { maxBytes: 1000 }))).toHaveLength(1000);
  });

  test("holds for what never ends, which is then left", async () => {
    let closed: Promise<unknown> | undefined;
    const server = await scripted((res) => {
      res.writeHead(200);
      closed = once(res, "close");
      const write = (): void => void (res.writable && !res.destroyed && res.write("x".repeat(1000), write));
      write();
    });
    await expectFailure(conditionalGet(server.url, { maxBytes: 100_000 }), "too_large", /larger/);
    await closed;
  });

  test("holds for what is unpacked", async () => {
    const bomb = gzipSync(Buffer.alloc(50_000_000));
    const server = await scripted((res) => res.writeHead(200, { "content-encoding": "gzip" }).end(bomb));
    await expectFailure(conditionalGet(server.url, { maxBytes: 1_000_000 }), "too_large", /larger/);
  });
});

test("compressed answers are unpacked", async () => {
  const server = await scripted((res, req) => {
    const gzip = req.url?.endsWith("gzip") === true;
    res.writeHead(200, { "content-encoding": gzip ? "gzip" : "deflate" }).end(gzip ? gzipSync("hello") : deflateSync("hello"));
  });
  expect(await bodyOf(conditionalGet(`${server.url}?gzip`))).toBe("hello");
  expect(await bodyOf(conditionalGet(server.url))).toBe("hello");
});

test("an address, a header or a bound that can't be is a TypeError", async () => {
  await expect(conditionalGet("ftp://example.com/")).rejects.toThrow(TypeError);
  await expect(conditionalGet("nowhere")).rejects.toThrow(TypeError);
  await expect(conditionalGet("http://127.0.0.1/", { headers: { "a b": "c" } })).rejects.toThrow(TypeError);
  await expect(conditionalGet("http://127.0.0.1/", { maxBytes: 0 })).rejects.toThrow(/^maxBytes: 0/);
});

test("text is decoded by its mark, its charset, or as UTF-8", () => {
  expect(decodeText(Buffer.from("\uFEFFé"), "text/plain")).toBe("é");
  expect(decodeText(Buffer.from("é", "latin1"), "text/plain; charset=ISO-8859-1")).toBe("é");
  expect(decodeText(Buffer.from("\uFEFFé", "utf16le"), "text/plain; charset=utf-8")).toBe("é");
  expect(decodeText(Buffer.from("é"), 'text/plain;charset="nonsense"')).toBe("é");
  expect(decodeText(Buffer.from([0x61, 0xff]), undefined)).toBe("a\uFFFD");
});

test("Retry-After and Cache-Control are read, and bounded", () => {
  const now = Date.UTC(2026, 0, 1);
  const retry = (value: string): number | undefined => retryAfterOf(new Headers({ "retry-after": value }), now);
  expect(["5", "Thu, 01 Jan 2026 00:01:00 GMT", "Wed, 31 Dec 2025 00:00:00 GMT", "soon", "-1", "99999999999"].map(retry)).toEqual([
    5000,
    60_000,
    0,
    undefined,
    0,
    86_400_000,
  ]);
  const fresh = (control: string, age = ""): number => freshForOf(new Headers({ "cache-control": control, age }));
  expect(fresh("public, max-age=60")).toBe(60_000);
  expect(fresh("max-age=60", "50")).toBe(10_000);
  expect(fresh("max-age=60", "70")).toBe(0);
  expect(fresh("no-cache, max-age=60")).toBe(0);
  expect(fresh("s-maxage=60")).toBe(0);
});

describe("the loop", () => {
  const failing = (message: string, retryAfterMs?: number): HttpError => new HttpError(message, { code: "status", retryAfterMs });

  /** Runs rounds until as many pauses were made; gives the pauses. */
  async function pauses(
    count: number,
    timing: Parameters<typeof checkTiming>[0],
    round: (n: number) => { freshForMs?: number },
  ): Promise<number[]> {
    const clock = fastClock(count);
    const context = record();
    let n = 0;
    const run = context.start({
      run: () => pollLoop(checkTiming({ ...timing, clock }, 10_000), context, () => Promise.resolve(round(n++))),
    });
    await context.until(() => context.events.filter(({ kind }) => kind === "waiting").length === count);
    context.stop();
    await run;
    return clock.pausesMs.map((ms) => Math.round(ms / 100) * 100);
  }

  test("pauses grow with failures up to the bound, and success forgets them", async () => {
    const ms = await pauses(9, { intervalMs: 60_000, maxBackoffMs: 100_000 }, (n) => {
      if (n === 7) return {};
      throw failing("no");
    });
    expect(ms).toEqual([10_000, 20_000, 40_000, 80_000, 100_000, 100_000, 100_000, 60_000, 10_000]);
  });

  test("a server's Retry-After and max-age are heeded", async () => {
    const round = (n: number): { freshForMs?: number } => {
      if (n === 0) throw failing("busy", 500_000);
      return { freshForMs: n === 1 ? 90_000 : 7_200_000 };
    };
    expect(await pauses(3, { intervalMs: 5000 }, round)).toEqual([500_000, 90_000, 3_600_000]);
    expect(await pauses(3, { intervalMs: 5000, maxFreshMs: 0 }, round)).toEqual([500_000, 5000, 5000]);
  });

  test("what is not temporary ends it", async () => {
    const context = record();
    const loop = (error: Error, once = false): Promise<void> =>
      pollLoop(checkTiming({ once, clock: fastClock(9) }, 1000), context, async () => {
        throw error;
      });
    await expect(loop(new Error("the hub refuses"))).rejects.toThrow("the hub refuses");
    const rejected = expect(loop(new TemporaryError("not now"), true)).rejects;
    await rejected.toThrow(SourceError);
    expect(context.events).toEqual([]);
  });

  test("a round that is under way is finished, and no other begun", async () => {
    const context = record();
    let rounds = 0;
    const run = context.start({
      run: () =>
        pollLoop(checkTiming({}, 1000), context, async () => {
          rounds += 1;
          context.stop();
          await context.publish([{ topic: "a" }]);
          return {};
        }),
    });
    await run;
    expect(rounds).toBe(1);
    expect(context.updates).toHaveLength(1);
  });

  test("timing is checked", () => {
    expect(() => checkTiming({ intervalMs: 999 }, 1000)).toThrow(/^intervalMs: 999/);
    expect(() => checkTiming({ intervalMs: Number.NaN }, 1000)).toThrow(TypeError);
  });
});
