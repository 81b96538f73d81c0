// Makes the README's pictures: starts the demo in a temporary directory, uses it like a person would, and takes
// screenshots to docs/images/. Run it after `npm run build` when a page has changed, and look at the result.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const root = fileURLToPath(new URL("..", import.meta.url));
const data = mkdtempSync(join(tmpdir(), "artesian-screenshots-"));
const server = spawn(process.execPath, [join(root, "demo/dist/main.js"), "--port", "0", "--data", data, "--log-level", "warn"], {
  stdio: ["ignore", "pipe", "inherit"],
});
const [line] = await once(createInterface({ input: server.stdout }), "line");
const origin = line.replace("listening on ", "");

const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
});

async function visit(colorScheme, path, nickname) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, colorScheme });
  const page = await context.newPage();
  await page.goto(origin + path);
  if (nickname !== undefined) {
    await page.getByTestId("nickname-input").fill(nickname);
    await page.keyboard.press("Enter");
    await page.locator('[data-testid="connection"][data-state="live"]').waitFor();
  }
  return page;
}

async function say(page, text, answered = false) {
  const bots = page.locator(`[data-testid="message"][data-bot="true"]`);
  const before = await bots.count();
  await page.getByTestId("composer").fill(text);
  await page.keyboard.press("Enter");
  await page.getByTestId("message-text").filter({ hasText: text }).waitFor();
  if (answered) await bots.nth(before).waitFor();
}

try {
  const landing = await visit("light", "/");
  await landing.getByText("Live", { exact: true }).waitFor();
  for (const [topic, text] of [
    ["weather", "23 °C, wind from the sea"],
    ["orders", '{"status":"shipped"}'],
    ["greeting", "Hello, world!"],
  ]) {
    await fetch(`${origin}/events/stream`, { method: "POST", body: new URLSearchParams({ topic, data: text }) });
    await landing.getByText(text).first().waitFor();
  }
  await landing.screenshot({ path: join(root, "docs/images/landing.png") });
  await landing.context().close();

  const ada = await visit("dark", "/chat/lobby", "Ada");
  const grace = await visit("light", "/chat/lobby", "Grace");
  await ada.getByText("Grace").first().waitFor();
  await say(ada, "Morning! I restarted the server while you were typing. Did you notice?");
  await say(grace, "Not at all. Nothing is missing here.");
  await say(grace, "@artie how do I publish an update?", true);
  await say(ada, "And that works from PHP, too.");
  await grace.getByText("And that works from PHP, too.").waitFor();
  await ada.screenshot({ path: join(root, "docs/images/chat-dark.png") });
  await grace.screenshot({ path: join(root, "docs/images/chat.png") });

  const stocks = await visit("dark", "/stocks");
  const news = await visit("light", "/news");
  const console = await visit("light", "/console");
  for (const page of [stocks, news, console]) await page.getByText("Live", { exact: true }).first().waitFor();
  // Long enough for the charts to have something to show.
  await new Promise((resolve) => setTimeout(resolve, 45_000));
  for (const [name, page] of Object.entries({ stocks, news, console })) {
    await page.screenshot({ path: join(root, `docs/images/${name}.png`) });
  }
} finally {
  await browser.close();
  server.kill("SIGTERM");
  await once(server, "exit");
  rmSync(data, { recursive: true, force: true });
}
