import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { expect, test } from "vitest";
import { blocksOf, run } from "../examples/markdown.ts";
import { send, startServer } from "./command.ts";

const FILE = createRequire(import.meta.url).resolve("artesian-client/artesian.js");

test("the client is at /artesian.js, for pages of all origins, and needs no token", async () => {
  const { url } = await startServer(["--journal", "memory", "--issuer", "https://example.com"], {
    tokens: true,
    env: { ARTESIAN_JWT_KEY: "a-secret-for-the-test-of-32-bytes-or-more" },
  });
  const body = await readFile(FILE);
  const integrity = `sha384-${createHash("sha384").update(body).digest("base64")}`;
  const address = `${url}/artesian.js`;
  const answer = await send(`${address}?v=1`, { headers: { origin: "https://other.example" } });
  expect(answer).toMatchObject({
    status: 200,
    body: body.toString(),
    headers: {
      "content-type": "text/javascript; charset=utf-8",
      "cache-control": "public, no-cache",
      "access-control-allow-origin": "*",
      etag: `"${integrity}"`,
    },
  });
  expect(await send(address, { method: "HEAD" })).toMatchObject({ status: 200, body: "", headers: { "content-length": `${body.length}` } });
  for (const tag of [`"${integrity}"`, `"other", W/"${integrity}"`, "*"]) {
    const same = await send(address, { headers: { "if-none-match": tag } });
    expect(same, tag).toMatchObject({ status: 304, body: "", headers: { "access-control-allow-origin": "*" } });
  }
  expect(await send(address, { headers: { "if-none-match": '"other"' } })).toMatchObject({ status: 200 });
  expect(await send(address, { method: "POST" })).toMatchObject({ status: 405, headers: { allow: "GET, HEAD" } });
  expect((await send(`${address}/x`)).status).toBe(404);
  const line = blocksOf("reference/client.md").find(({ code }) => code.includes("/artesian.js | "))?.code ?? "";
  expect(await run("sh", line.replace("http://127.0.0.1:3000", url), {}).output).toBe(`${integrity}\n`);
});
