import { existsSync } from "node:fs";
import { type Browser, chromium, type LaunchOptions, type Page } from "playwright-core";
import { afterAll, onTestFinished } from "vitest";

/** Without the ones after the first two Chromium looks for its maker's servers, which a test must not wait for. */
export const CHROMIUM_ARGS: readonly string[] = [
  "--no-sandbox",
  "--disable-gpu",
  "--no-first-run",
  "--disable-quic",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** The whole browser. */
const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";

/** The same browser without its windows. The tests take two thirds of the time with it. */
const HEADLESS_SHELL = "/usr/bin/chromium-headless-shell";

/** How to launch the system's Chromium. */
const LAUNCH: LaunchOptions = {
  executablePath: process.env.CHROMIUM === undefined && existsSync(HEADLESS_SHELL) ? HEADLESS_SHELL : CHROMIUM,
  args: [...CHROMIUM_ARGS],
};

/** The whole browser, for what the other does not have, such as a cache for back and forward. */
export const FULL_LAUNCH: LaunchOptions = { ...LAUNCH, executablePath: CHROMIUM };

let launching: Promise<Browser> | undefined;

/** The system's Chromium, started once for the tests of a file. */
export async function browser(): Promise<Browser> {
  launching ??= chromium.launch(LAUNCH);
  return launching;
}

afterAll(async () => {
  const launched = await launching;
  await launched?.close();
});

/** A blank page of a new profile: two of them are two users. It closes with the test, which fails at an error in the page. */
export async function openPage(): Promise<Page> {
  const context = await (await browser()).newContext();
  const page = await context.newPage();
  const errors: Error[] = [];
  page.on("pageerror", (error) => errors.push(error));
  onTestFinished(async () => {
    await context.close();
    if (errors[0] !== undefined) throw errors[0];
  });
  return page;
}
