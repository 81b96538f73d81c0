import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it, onTestFinished } from "vitest";
import { temporaryDirectory } from "../support/directory.ts";
import { openPage } from "./support.ts";

const COMMAND = fileURLToPath(new URL("../../demo/dist/main.js", import.meta.url));
const PAGE = `<!doctype html><script>new EventSource("/events/stream").onmessage = e => console.log(e.data)</script>`;

/** Runs the command that `npm start` runs, and returns the URL that it prints. */
async function startDemo(): Promise<string> {
  const directory = temporaryDirectory("hello");
  const child = spawn(process.execPath, [COMMAND, "--port", "0", "--data", directory], { stdio: ["ignore", "pipe", "pipe"] });
  let log = "";
  child.stderr.on("data", (text: Buffer) => (log += text.toString()));
  const exited = once(child, "exit");
  onTestFinished(async () => {
    child.kill();
    await exited;
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const [, url] = /^listening on (http:\S+)$/.exec(line) ?? [];
    if (url !== undefined) return url;
  }
  throw new Error(`The demo ended before it listened.\n${log}`);
}

describe("a page of one line", () => {
  it("logs what curl publishes", async () => {
    const origin = await startDemo();
    const page = await openPage();
    await page.route(`${origin}/hello`, (route) => route.fulfill({ contentType: "text/html", body: PAGE }));
    const subscribed = page.waitForResponse(`${origin}/events/stream`);
    const logged: string[] = [];
    const greeted = new Promise<void>((resolve) => {
      page.on("console", (entry) => {
        logged.push(entry.text());
        resolve();
      });
    });
    await page.goto(`${origin}/hello`);
    expect((await subscribed).status()).toBe(200);
    await promisify(execFile)("curl", [
      "--fail",
      "--silent",
      "--show-error",
      "-d",
      "topic=greeting",
      "-d",
      "data=Hello, world!",
      `${origin}/events/stream`,
    ]);
    await greeted;
    expect(logged).toEqual(["Hello, world!"]);
  });
});
