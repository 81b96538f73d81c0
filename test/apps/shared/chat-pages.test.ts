import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, test, afterAll } from "vitest";
import { createDemoPages } from "../../../demo/src/pages.ts";
import { removeDirectory, temporaryDirectory } from "../../support/directory.ts";

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "artesian-pages-"));
  for (const page of ["landing", "chat"]) {
    await mkdir(join(directory, page, "page"), { recursive: true });
    await writeFile(join(directory, page, "page/index.html"), `<!doctype html><title>${page}</title>`);
  }
  await mkdir(join(directory, "assets"));
  await writeFile(join(directory, "assets/chat-AbC_1-x.js"), "export {};");
  await writeFile(join(directory, "assets/.hidden.js"), "secret");
  await writeFile(join(directory, "secret.js"), "secret");
});

afterAll(() => removeDirectory(directory));

const get = (path: string, init?: RequestInit): Promise<Response> =>
  createDemoPages({ directory }).fetch(new Request(`http://host${path}`, init));

describe("the pages", () => {
  test("are the landing page at the root, and the chat page for every room", async () => {
    expect(await (await get("/")).text()).toContain("landing");
    const meeting = encodeURIComponent("会议室");
    for (const path of [
      "/chat/lobby",
      "/chat/a",
      `/chat/${"x".repeat(40)}`,
      "/chat/lobby?x=/state",
      "/chat/会议室",
      `/chat/${meeting}`,
      `/chat/${meeting.toLowerCase()}`,
      `/chat/${"室".repeat(40)}`,
      "/chat/कमरा-1",
    ]) {
      const response = await get(path);
      expect(response.headers.get("Content-Type")).toBe("text/html; charset=utf-8");
      expect(await response.text()).toContain("chat");
    }
    for (const [path, to] of [
      ["/chat", "/chat/lobby"],
      ["/chat/", "/chat/lobby"],
      ["/chat/Lobby", "/chat/lobby"],
      ["/chat/lobby/", "/chat/lobby"],
      [`/chat/${meeting}/`, `/chat/${meeting}`],
      ["/chat/Ünder", `/chat/${encodeURIComponent("ünder")}`],
      // Of two characters: a letter and its accent.
      ["/chat/u\u0308nder", `/chat/${encodeURIComponent("ünder")}`],
    ] as const) {
      const response = await get(path);
      expect([response.status, response.headers.get("Location")]).toEqual([302, to]);
    }
  });

  test("forbid everything that they do not need", async () => {
    for (const path of ["/", "/chat/lobby", "/assets/chat-AbC_1-x.js", "/nothing"]) {
      const { headers } = await get(path);
      const policy = headers.get("Content-Security-Policy") ?? "";
      for (const part of ["default-src 'self'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"])
        expect(policy).toContain(part);
      expect(policy).not.toContain("unsafe");
      expect(headers.get("X-Content-Type-Options")).toBe("nosniff");
      expect(headers.get("Referrer-Policy")).toBe("same-origin");
    }
  });

  test("are revalidated, and what is hashed is kept", async () => {
    const page = await get("/");
    const etag = page.headers.get("ETag") ?? "";
    expect(page.headers.get("Cache-Control")).toBe("no-cache");
    const again = await get("/", { headers: { "If-None-Match": `"other", W/${etag}` } });
    expect([again.status, await again.text()]).toEqual([304, ""]);
    const asset = await get("/assets/chat-AbC_1-x.js");
    expect(asset.headers.get("Cache-Control")).toContain("immutable");
    expect(asset.headers.get("Content-Type")).toBe("text/javascript; charset=utf-8");
    const head = await get("/", { method: "HEAD" });
    expect([head.headers.get("Content-Length"), await head.text()]).toEqual([page.headers.get("Content-Length"), ""]);
  });

  test.each([
    "/assets/../secret.js",
    "/assets/..%2fsecret.js",
    "/assets/%2e%2e/secret.js",
    "/assets/..\\secret.js",
    "/assets/.hidden.js",
    "/assets/",
    "/assets/missing.js",
    "/assets/chat-AbC_1-x.js%00.svg",
    "/assets/chat-AbC_1-x.exe",
    "/secret.js",
    "/landing/page/index.html",
    "/chat/-x",
    "/chat/会议-",
    "/chat/会议 室",
    "/chat/会议！",
    "/chat/\u0301x",
    "/chat/a\u200bb",
    "/chat/%E4%BC",
    "/chat/a%2fb",
    `/chat/${"室".repeat(41)}`,
    "/chat/x-",
    "/chat/a/b",
    `/chat/${"x".repeat(41)}`,
    "//etc/passwd",
  ])("have nothing at %s", async (path) => {
    const response = await get(path);
    expect(response.status).toBe(404);
    expect(await response.text()).not.toContain("secret");
  });

  test("are only read", async () => {
    const response = await get("/", { method: "POST" });
    expect([response.status, response.headers.get("Allow")]).toEqual([405, "GET, HEAD"]);
  });

  test("say how to build them, and are found once they are", async () => {
    const empty = temporaryDirectory("pages");
    const pages = createDemoPages({ directory: empty });
    const response = await pages.fetch(new Request("http://host/"));
    expect(response.status).toBe(503);
    expect(await response.text()).toContain("npm run build");
    await mkdir(join(empty, "landing/page"), { recursive: true });
    await writeFile(join(empty, "landing/page/index.html"), "built");
    expect((await pages.fetch(new Request("http://host/"))).status).toBe(200);
  });
});
