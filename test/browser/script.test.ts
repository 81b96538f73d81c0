import { createServer } from "node:http";
import { expect, test } from "vitest";
import { publish } from "../../packages/client/src/index.ts";
import { startServer } from "../cli/command.ts";
import { blocksOf } from "../examples/markdown.ts";
import { listen } from "../support/server.ts";
import { openPage } from "./support.ts";

const OPEN = ["--journal", "memory", "--anonymous", "--anonymous-publish", "--cors-origin", "*"];
const [snippet, elsewhere] = blocksOf("reference/client.md").filter(({ language }) => language === "html");

/** Shows a page of another origin than the hub's. */
async function show(html: string): Promise<string[]> {
  const server = createServer((_, res) => res.setHeader("content-type", "text/html").end(`<!doctype html>\n${html}`));
  const origin = await listen(server);
  const page = await openPage();
  const logs: string[] = [];
  page.on("console", (message) => logs.push(message.text()));
  await page.goto(origin);
  return logs;
}

async function hears(logs: readonly string[], hub: string): Promise<void> {
  const heard = async (): Promise<boolean> => {
    await publish(hub, { topic: "greeting", data: "Hello, world!" });
    return logs.includes("Hello, world!");
  };
  await expect.poll(heard, { interval: 100, timeout: 30_000 }).toBe(true);
}

test("a page with the hub's script and without a bundler hears updates", async () => {
  const { url, hub } = await startServer(OPEN);
  await hears(await show((snippet?.code ?? "").replaceAll('"/', `"${url}/`)), hub);
});

test("a page of another origin runs the script of the hash that it names, and no other", async () => {
  const { url, hub } = await startServer(OPEN);
  const etag = (await fetch(`${url}/artesian.js`)).headers.get("etag") ?? "";
  const scripts = (snippet?.code ?? "").slice((snippet?.code ?? "").indexOf("\n")).replaceAll('"/', `"${url}/`);
  const named = (elsewhere?.code ?? "").replace("https://hub.example.com", url);
  const logs = await show(named.replace("sha384-…", JSON.parse(etag) as string) + scripts);
  await hears(logs, hub);
  const refused = await show(`${named.replace("sha384-…", `sha384-${"A".repeat(64)}`)}<script>console.log(typeof artesian)</script>`);
  await expect.poll(() => refused).toContain("undefined");
  expect(refused.join("\n")).toContain("integrity");
});
