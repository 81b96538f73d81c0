import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { overflow, violations, visit } from "../chat-site.ts";
import { LIVE_PAGES, startDemo } from "./demo.ts";
import { openPage, settle } from "./profile.ts";

interface Fetched {
  readonly status: number | undefined;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly body: Buffer;
}

/** Without the decompression of `fetch`. */
async function fetchRaw(url: string, headers: Record<string, string> = {}): Promise<Fetched> {
  const sent = request(url, { headers }).end();
  const [res] = (await once(sent, "response")) as [IncomingMessage];
  return { status: res.statusCode, headers: res.headers, body: Buffer.concat(await res.toArray()) };
}

describe("the documentation", () => {
  test("every link leads to a page, and to a heading of it", async () => {
    const origin = await startDemo();
    const pages = new Map<string, string>();
    const broken: string[] = [];
    const open = ["/docs/"];
    const read = async (path: string): Promise<string> => {
      const known = pages.get(path);
      if (known !== undefined) return known;
      const answer = await fetch(origin + path);
      if (answer.status !== 200) broken.push(path);
      const html = answer.headers.get("content-type")?.startsWith("text/html") === true ? await answer.text() : "";
      pages.set(path, html);
      open.push(path);
      return html;
    };
    for (let path = open.pop(); path !== undefined; path = open.pop()) {
      const html = await read(path);
      for (const [, href = ""] of html.matchAll(/(?:href|src)="((?:\/docs\/|#)[^"]*)"/g)) {
        const [target, fragment] = href.split("#");
        const page = await read(target === "" || target === undefined ? path : target);
        if (fragment !== undefined && fragment !== "text" && !page.includes(`id="${decodeURIComponent(fragment)}"`))
          broken.push(`${path}: ${href}`);
      }
    }
    expect(broken).toEqual([]);
    expect(pages.size).toBeGreaterThan(80);
    // The marks of what is written by a program are not for readers.
    expect([...pages].filter(([, html]) => html.includes("&lt;!--")).map(([path]) => path)).toEqual([]);
  });

  test("is readable without code, and has no address outside of its folder", async () => {
    const origin = await startDemo();
    const page = await fetch(`${origin}/docs/start/no-events`);
    expect(await page.text()).toContain('<h2 id="the-publisher-is-refused">');
    for (const path of ["/docs/nothing", "/docs/%2e%2e/landing/page/index", "/docs/start/..%2f..%2fsecret", "/docs/start/no-events.md"]) {
      expect((await fetch(origin + path)).status, path).toBe(404);
    }
  });

  test.each(["light", "dark"] as const)("is accessible in %s, and fits a phone", async (colorScheme) => {
    const origin = await startDemo();
    const page = await visit(`${origin}/docs/reference/configuration`, { colorScheme, viewport: { width: 320, height: 640 } });
    await page.getByTestId("app-bar").waitFor();
    expect(await violations(page)).toEqual([]);
    expect(await overflow(page)).toBe(0);
  });

  test("offers the Chinese quick start to a reader of Chinese", async () => {
    const origin = await startDemo();
    const page = await visit(`${origin}/docs/`, { locale: "zh-CN" });
    await page.getByTestId("docs-note").waitFor();
    expect(await violations(page)).toEqual([]);
    expect(await page.getByTestId("app-bar").innerText()).toContain("文档");
    await page.getByTestId("language").selectOption("en");
    await page.getByTestId("docs-note").waitFor({ state: "detached" });
    expect(await page.getByTestId("app-bar").innerText()).toContain("Docs");
  });
});

test("an address without a page says so, in the reader's language", async () => {
  const origin = await startDemo();
  const page = await visit(`${origin}/nothing/here`, { locale: "zh-CN" });
  await page.getByTestId("not-found").getByText("/nothing/here").waitFor();
  expect(await page.getByRole("heading").innerText()).toMatch(/\p{Script=Han}/u);
  expect(await violations(page)).toEqual([]);
  await page.getByTestId("language").selectOption("en");
  await expect.poll(() => page.title()).toBe("Artesian: no page here");
  expect((await fetchRaw(`${origin}/docs/nothing`, { accept: "text/html" })).body.toString()).toContain(
    "<title>Artesian: no page here</title>",
  );
  const moved = await fetchRaw(`${origin}/chat?lang=zh-CN`);
  expect([moved.status, moved.headers.location]).toEqual([302, "/chat/lobby?lang=zh-CN"]);
  const answers = await Promise.all([fetchRaw(`${origin}/nothing/here`), fetchRaw(`${origin}/nothing/here`, { accept: "text/html" })]);
  expect(answers.map(({ status }) => status)).toEqual([404, 404]);
  // A program has one line.
  expect(answers.map(({ headers }) => headers["content-type"])).toEqual(["text/plain; charset=utf-8", "text/html; charset=utf-8"]);
});

test("each page names the texts that it will ask for, in the visitor's language", async () => {
  const origin = await startDemo();
  for (const path of [...LIVE_PAGES, "/nothing/here"]) {
    const html = { accept: "text/html" };
    const asked = [
      [path, { ...html, "accept-language": "en-GB,en;q=0.9" }, "en"],
      [path, { ...html, "accept-language": "zh-TW,zh;q=0.9,en;q=0.8" }, "zh-CN"],
      [path, { ...html, "accept-language": "de,fr" }, "en"],
      [`${path}?lang=zh-CN`, { ...html, "accept-language": "en" }, "zh-CN"],
    ] as const;
    for (const [address, headers, language] of asked) {
      const { link = "" } = (await fetchRaw(origin + address, headers)).headers;
      const names = [...String(link).matchAll(/<([^>]+)>; rel=modulepreload/g)].map(([, name = ""]) => name);
      expect(names.length, `${address} ${String(link)}`).toBeGreaterThan(0);
      for (const name of names) {
        expect(name).toContain(`/texts.${language}-`);
        expect((await fetchRaw(origin + name)).status).toBe(200);
      }
    }
  }
  const page = await openPage({ locale: "zh-CN" });
  const texts: string[] = [];
  page.on("request", (request) => {
    if (request.url().includes("/texts.")) texts.push(request.url());
  });
  await page.goto(`${origin}/chat/lobby`);
  await settle(page, "/chat/lobby");
  // Each is loaded once, and none in vain.
  expect(texts.toSorted()).toEqual([...new Set(texts)].toSorted());
  expect(texts.filter((url) => url.includes("texts.en"))).toEqual([]);
});

test("files are sent as the browser can take them", async () => {
  const origin = await startDemo();
  const plain = await fetchRaw(`${origin}/`);
  expect(plain.headers).toMatchObject({ vary: "Accept-Encoding, Accept-Language", "content-type": "text/html; charset=utf-8" });
  expect(plain.headers["content-encoding"]).toBeUndefined();
  // The first script only starts the page; the one that it preloads is long enough to shrink.
  const script = /href="(\/assets\/[^"]+\.js)"/.exec(plain.body.toString())?.[1] ?? "";
  const [none, gzip, brotli, refused] = await Promise.all([
    fetchRaw(origin + script),
    fetchRaw(origin + script, { "accept-encoding": "gzip, deflate" }),
    fetchRaw(origin + script, { "accept-encoding": "gzip, deflate, br" }),
    fetchRaw(origin + script, { "accept-encoding": "br;q=0, gzip;q=0" }),
  ]);
  expect([none, gzip, brotli, refused].map(({ headers }) => headers["content-encoding"])).toEqual([undefined, "gzip", "br", undefined]);
  expect(gunzipSync(gzip.body)).toEqual(none.body);
  expect(brotliDecompressSync(brotli.body)).toEqual(none.body);
  expect(refused.body).toEqual(none.body);
  expect(brotli.body.length).toBeLessThan(none.body.length / 2);
  const tags = [none, gzip, brotli].map(({ headers }) => String(headers.etag));
  expect(new Set(tags).size).toBe(3);
  const again = await fetchRaw(origin + script, { "accept-encoding": "br", "if-none-match": tags[2] ?? "" });
  expect(again).toMatchObject({ status: 304, body: Buffer.alloc(0) });
  expect((await fetchRaw(origin + script, { "if-none-match": "*" })).status).toBe(304);
});
