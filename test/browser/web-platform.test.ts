import { fileURLToPath } from "node:url";
import { build, type Rolldown } from "vite";
import { describe, expect, it } from "vitest";
import { CASES, casesIn } from "../client/web-platform/cases.ts";
import { IN_BROWSER, type Plan, type Scope } from "../client/web-platform/case.ts";
import type { Outcome } from "../client/web-platform/drive.ts";
import { serveCases } from "../client/web-platform/serve.ts";
import { openPage } from "./support.ts";

/** One script of the client and the driver, for pages and workers. */
async function bundle(): Promise<string> {
  const entry = fileURLToPath(new URL("../client/web-platform/in-page.ts", import.meta.url));
  const built = await build({
    configFile: false,
    logLevel: "error",
    build: { write: false, minify: false, lib: { entry, formats: ["iife"], name: "inPage" } },
  });
  return ((built as readonly Rolldown.RolldownOutput[])[0] as Rolldown.RolldownOutput).output[0].code;
}

/** Carries out a plan in a scope of the page. Each case has a script, and thereby a worker, of its own. */
function inPage([scope, url, plan]: readonly [Scope, string, Plan]): Promise<Outcome> {
  if (scope === "page") return (globalThis as unknown as { drive: (plan: Plan) => Promise<Outcome> }).drive(plan);
  return new Promise((resolve, reject) => {
    const worker = scope === "shared worker" ? new SharedWorker(url) : new Worker(url);
    const port = worker instanceof SharedWorker ? worker.port : worker;
    port.addEventListener("message", (event) => resolve((event as MessageEvent<Outcome>).data));
    if (port instanceof MessagePort) port.start();
    worker.addEventListener("error", ({ type }) => reject(new Error(type)));
    port.postMessage(plan, []);
  });
}

describe.each(IN_BROWSER)("the web platform's eventsource tests, in Chromium: %s", (scope) => {
  it("have the same reports as the table", async () => {
    const site = await serveCases(CASES, await bundle());
    const page = await openPage();
    const got: Record<string, readonly string[]> = {};
    const expected: Record<string, readonly string[]> = {};
    for (const { index, name } of casesIn(scope)) {
      const url = `${site.origin}/script.js?${index}`;
      await page.goto(`${site.origin}/page`);
      if (scope === "page") await page.addScriptTag({ url });
      const base = scope === "page" ? page.url() : url;
      expected[name] = site.expectedOf(index).map((report) => report.replace("BASE", base));
      got[name] = (await page.evaluate(inPage, [scope, url, site.planOf(index)] as const)).reports;
    }
    expect(got).toEqual(expected);
  });
});
