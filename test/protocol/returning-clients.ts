import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EventSource } from "eventsource";
import { createEventSource } from "eventsource-client";
import { onTestFinished } from "vitest";
import { subscribe, type SubscribeOptions } from "../../packages/client/src/index.ts";
import { browser } from "../browser/support.ts";
import { removeDirectory } from "../support/directory.ts";
import type { ReturningSite } from "./returning-site.ts";

/** Subscribes to the topics, one stream each. */
export type Start = (site: ReturningSite, topics: readonly string[]) => Promise<void> | void;

const urlOf = (site: ReturningSite, topic: string): URL => {
  const url = new URL("/events/stream", site.door.origin);
  url.searchParams.set("match", topic);
  return url;
};

/** `eventsource`, the `EventSource` of Node programs. */
export const eventSource: Start = (site, topics) => {
  for (const topic of topics) {
    const source = new EventSource(urlOf(site, topic));
    onTestFinished(() => source.close());
    source.addEventListener("message", ({ data }) => site.report(topic, data as string));
    source.addEventListener("hub:gap", () => site.report(topic, "gap"));
    source.addEventListener("error", ({ message }) => site.report(topic, source.readyState === 2 ? "closed" : `error ${message}`));
  }
};

/** `eventsource-client`, an iterator of events. */
export const eventSourceClient: Start = (site, topics) => {
  for (const topic of topics) {
    const source = createEventSource({
      url: urlOf(site, topic),
      onMessage: ({ event, data }) => {
        if (event === undefined) site.report(topic, data);
        else if (event === "hub:gap") site.report(topic, "gap");
      },
      onScheduleReconnect: () => site.report(topic, "error"),
    });
    onTestFinished(() => source.close());
  }
};

/** Our own. */
export const artesianClient: Start = (site, topics) => {
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  const read = async (topic: string): Promise<void> => {
    const onState: SubscribeOptions["onState"] = (state) => state === "reconnecting" && site.report(topic, "error");
    for await (const { type, data } of subscribe(urlOf(site, topic), { signal: stop.signal, onState }))
      site.report(topic, type === "hub:gap" ? "gap" : data);
  };
  for (const topic of topics) void read(topic);
};

/** How the page is opened. */
interface PageOptions {
  /** Whether the stream is of another origin than the page. Default: the same. */
  readonly isCrossOrigin?: boolean;
  /** Leaves the options out that a client needs to come back. */
  readonly plain?: "yes";
}

function pageOf(site: ReturningSite, client: string, topics: readonly string[], more: PageOptions = {}): string {
  const { isCrossOrigin = false, ...rest } = more;
  const query = new URLSearchParams({ client, site: site.origin, ...rest });
  if (isCrossOrigin) query.set("hub", `${site.door.origin}/events/stream`);
  for (const topic of topics) query.append("topic", topic);
  return `${isCrossOrigin ? site.origin : site.door.origin}/page?${query}`;
}

/** A client of a page, in Chromium. */
export function inChromium(client: string, more?: PageOptions): Start {
  return async (site, topics) => {
    const context = await (await browser()).newContext();
    onTestFinished(() => context.close());
    const page = await context.newPage();
    await page.goto(pageOf(site, client, topics, more));
  };
}

/** Firefox looks for its maker's servers and opens pages of its own, unless it is told not to. */
const PREFERENCES: readonly (readonly [string, string | number | boolean])[] = [
  ["app.normandy.enabled", false],
  ["app.update.disabledForTesting", true],
  ["browser.aboutwelcome.enabled", false],
  ["browser.safebrowsing.malware.enabled", false],
  ["browser.safebrowsing.phishing.enabled", false],
  ["browser.shell.checkDefaultBrowser", false],
  ["browser.startup.homepage_override.mstone", "ignore"],
  ["datareporting.policy.dataSubmissionEnabled", false],
  ["network.captive-portal-service.enabled", false],
  ["network.connectivity-service.enabled", false],
  ["network.proxy.type", 0],
  ["services.settings.server", "data:,#"],
  ["toolkit.telemetry.reportingpolicy.firstRun", false],
];

/** A client of a page, in Firefox, which nothing drives: the page reports by itself. */
export function inFirefox(client: string, more?: PageOptions): Start {
  return async (site, topics) => {
    const profile = await mkdtemp(join(tmpdir(), "artesian-firefox-"));
    await writeFile(
      join(profile, "user.js"),
      PREFERENCES.map(([name, value]) => `user_pref("${name}", ${JSON.stringify(value)});\n`).join(""),
    );
    const child = spawn("firefox-esr", ["--headless", "--no-remote", "--profile", profile, pageOf(site, client, topics, more)], {
      stdio: "ignore",
      // A group of its own: its content processes end with it.
      detached: true,
      env: { ...process.env, HOME: profile, MOZ_HEADLESS: "1" },
    });
    onTestFinished(async () => {
      await end(child);
      await removeDirectory(profile);
    });
  };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.pid === undefined) return;
  const exited = once(child, "exit");
  process.kill(-child.pid, "SIGKILL");
  await exited;
}
