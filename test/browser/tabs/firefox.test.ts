import type { IncomingMessage, ServerResponse } from "node:http";
import { json } from "node:stream/consumers";
import { expect, onTestFinished, test } from "vitest";
import { openInFirefox } from "../../field/lib/browsers.ts";
import { numbers, startSite, type TabState } from "./tab-pages.ts";

const TABS = 12;
const LOSSES = 5;

/** A busy machine starts Firefox and its twelve pages slowly. */
const WAIT = { timeout: 90_000, interval: 100 };

/** Connects, and reports its state to the test again and again. Nothing drives the page from outside. */
const PAGE = `<!doctype html><link rel="icon" href="data:,"><script type="module">
import "/page.js";
const id = location.search;
start(["/a"], { share: "tabs" });
setInterval(async () => {
  const answer = await fetch("/report", { method: "POST", body: JSON.stringify({ id, tab }) });
  if (await answer.text() === "close") close();
}, 250);
</script>`;

test("twelve tabs of Firefox have one stream, and lose and repeat nothing when the leader is closed", { timeout: 300_000 }, async () => {
  const tabs = new Map<string, TabState>();
  const closed = new Set<string>();
  const hear = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const { id, tab } = (await json(req)) as { readonly id: string; readonly tab: TabState };
    if (!closed.has(id)) tabs.set(id, tab);
    res.end(closed.has(id) ? "close" : "");
  };
  const { hub, origin } = await startSite({}, (req, res) => {
    if (req.url?.startsWith("/reporting") === true) res.writeHead(200, { "Content-Type": "text/html" }).end(PAGE);
    else if (req.url === "/report") {
      void hear(req, res);
    } else return false;
    return true;
  });
  const urls = Array.from({ length: TABS }, (_, i) => `${origin}/reporting?${i}`);
  const firefox = await openInFirefox((end) => onTestFinished(end), urls, { "dom.allow_scripts_to_close_windows": true });
  const every = (holds: (tab: TabState) => boolean): boolean => [...tabs.values()].every(holds);
  await expect
    .poll(() => [firefox.hasEnded(), tabs.size, every(({ state }) => state?.status === "live"), hub.stats().subscribers], WAIT)
    .toEqual([false, TABS, true, 1]);
  let count = 1000;
  for (let i = 0; i < count; i++) await hub.publish({ topic: "/a", data: String(i) });
  await expect.poll(() => every(({ all }) => all.length >= count), WAIT).toBe(true);
  for (const { all } of tabs.values()) expect(all).toEqual(numbers(count));
  for (let i = 1; i <= LOSSES; i++) {
    const leaders = [...tabs].filter(([, { streams }]) => streams > 0);
    expect(leaders).toHaveLength(1);
    const [[leader] = ["none"]] = leaders;
    closed.add(leader);
    tabs.delete(leader);
    for (const end = count + 50; count < end; count++) {
      await hub.publish({ topic: "/a", data: String(count) });
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await expect.poll(() => [every(({ all }) => all.length >= count), hub.stats().subscribers], WAIT).toEqual([true, 1]);
    await expect.poll(() => [...tabs.values()].filter(({ streams }) => streams > 0).length, WAIT).toBe(1);
    expect(tabs.size).toBe(TABS - i);
    for (const { all } of tabs.values()) expect(all).toEqual(numbers(count));
  }
});
