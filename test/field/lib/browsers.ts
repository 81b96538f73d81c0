import { once } from "node:events";
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { json } from "node:stream/consumers";
import { chromium } from "playwright-core";
import { CHROMIUM_ARGS } from "../../browser/support.ts";
import { Heard, type StartReader } from "./heard.ts";
import { type AtEnd, startProgram, temporaryFolder } from "./programs.ts";

const PAGE = readFileSync(new URL("../readers/page.html", import.meta.url));

/** Firefox looks for its maker's servers unless it is told not to, and shows pages of its own. */
const FIREFOX_PREFERENCES: Readonly<Record<string, string | number | boolean>> = {
  "app.normandy.enabled": false,
  "app.update.disabledForTesting": true,
  "browser.aboutwelcome.enabled": false,
  "browser.safebrowsing.malware.enabled": false,
  "browser.safebrowsing.phishing.enabled": false,
  "browser.shell.checkDefaultBrowser": false,
  "browser.startup.homepage_override.mstone": "ignore",
  "datareporting.policy.dataSubmissionEnabled": false,
  "extensions.update.enabled": false,
  "network.captive-portal-service.enabled": false,
  "network.connectivity-service.enabled": false,
  "network.proxy.type": 0,
  "services.settings.server": "data:,#remote-settings-dummy/v1",
  "toolkit.telemetry.reportingpolicy.firstRun": false,
};

/** A page in a real browser that opens streams when the test says so, and posts back what it hears. */
interface ReaderPage {
  readonly url: string;
  readonly startReader: StartReader;
  /** Resolves when the page listens to the test. */
  readonly connected: Promise<void>;
}

async function servePage(atEnd: AtEnd): Promise<ReaderPage> {
  const cells = new Map<string, Heard>();
  let command: ServerResponse | undefined;
  let connect = (): void => undefined;
  const connected = new Promise<void>((resolve) => (connect = resolve));
  const hear = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const { cell, line } = (await json(req)) as { cell: string; line: string };
    cells.get(cell)?.add(line);
    res.writeHead(204).end();
  };
  const server = createServer((req, res) => {
    if (req.url === "/commands") {
      command = res.writeHead(200, { "Content-Type": "text/event-stream" });
      res.flushHeaders();
      connect();
    } else if (req.url === "/heard") {
      void hear(req, res);
    } else res.writeHead(200, { "Content-Type": "text/html" }).end(PAGE);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  atEnd(async () => {
    server.closeAllConnections();
    server.close();
  });
  const tell = (message: { readonly cell: string; readonly url?: string }): void =>
    void command?.write(`data: ${JSON.stringify(message)}\n\n`);
  const startReader: StartReader = async (url, atCellEnd) => {
    const cell = `${cells.size}`;
    const heard = new Heard();
    cells.set(cell, heard);
    tell({ cell, url });
    atCellEnd(async () => tell({ cell }));
    return heard;
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, startReader, connected };
}

export async function startChromium(atEnd: AtEnd): Promise<StartReader> {
  const page = await servePage(atEnd);
  const browser = await chromium.launch({ executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium", args: [...CHROMIUM_ARGS] });
  atEnd(() => browser.close());
  await (await browser.newPage()).goto(page.url);
  await page.connected;
  return page.startReader;
}

export async function startFirefox(atEnd: AtEnd): Promise<StartReader> {
  const page = await servePage(atEnd);
  const program = await openInFirefox(atEnd, [page.url]);
  await Promise.race([page.connected, program.ended]);
  if (program.hasEnded()) throw new Error(`Firefox ended.\n${program.written()}`);
  return page.startReader;
}

/** Opens each URL in a tab of one new profile. */
export async function openInFirefox(
  atEnd: AtEnd,
  urls: readonly string[],
  preferences: Readonly<Record<string, boolean>> = {},
): Promise<ReturnType<typeof startProgram>> {
  const profile = await temporaryFolder(atEnd);
  const all = Object.entries({ ...FIREFOX_PREFERENCES, ...preferences });
  await writeFile(join(profile, "user.js"), all.map(([name, value]) => `user_pref("${name}", ${JSON.stringify(value)});\n`).join(""));
  return startProgram(atEnd, "firefox-esr", ["--headless", "--no-remote", "--profile", profile, ...urls], { env: { HOME: profile } });
}
