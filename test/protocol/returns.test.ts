import { describe, expect, test } from "vitest";
import { artesianClient, eventSource, eventSourceClient, inChromium, inFirefox, type Start } from "./returning-clients.ts";
import { type ReturningSite, startReturningSite } from "./returning-site.ts";

/** Data that a client which does more than the standard says would alter. */
const DATA = ["\uFEFFmark", "\n\nbefore", "after\n\n", " space ", "a\u2028b\0c😀\uFEFF", "", "\n", "x\n\uFEFFy", "a:b", ":c", "\u0085"];

/** Event ids: ASCII, above it, and above what a header's character can be. */
const IDS = { ascii: "id 1", latin: "é 1", beyond: "水 1" };
type Topic = keyof typeof IDS;
const TOPICS = Object.keys(IDS) as Topic[];

/** One client, and how it departs from one that receives all as it was published, and always comes back where it was. */
interface Returning {
  readonly name: string;
  readonly start: Start;
  /** It can't come back from an event id above U+00FF. */
  readonly stopsBeyond?: true;
  /** It does not come back when a connection was refused; or it does not tell of each that was, so that a test can't know. */
  readonly onRefusal?: "gives up" | "unknown";
  /** It does not come back from 503. */
  readonly givesUp503?: true;
  readonly alters?: (data: string) => string;
}

const fetchEventSource = (data: string): string =>
  data
    .split("\n")
    .map((line) => line.replace(/^\uFEFF/, ""))
    .join("\n")
    .replace(/^\n+/, "");

const firefox = (data: string): string => data.replaceAll("\0", "");

const CLIENTS: readonly Returning[] = [
  { name: "EventSource in Chromium", start: inChromium("EventSource"), givesUp503: true },
  { name: "EventSource in Chromium, of another origin", start: inChromium("EventSource", { isCrossOrigin: true }), givesUp503: true },
  { name: "EventSource in Firefox", start: inFirefox("EventSource"), givesUp503: true, alters: firefox },
  {
    name: "EventSource in Firefox, of another origin",
    start: inFirefox("EventSource", { isCrossOrigin: true }),
    onRefusal: "gives up",
    alters: firefox,
  },
  { name: "reconnecting-eventsource in Chromium", start: inChromium("reconnecting-eventsource"), onRefusal: "unknown" },
  {
    name: "reconnecting-eventsource in Firefox, of another origin",
    start: inFirefox("reconnecting-eventsource", { isCrossOrigin: true }),
    onRefusal: "unknown",
    alters: firefox,
  },
  { name: "sse.js in Chromium", start: inChromium("sse.js"), stopsBeyond: true },
  {
    name: "@microsoft/fetch-event-source in Chromium",
    start: inChromium("@microsoft/fetch-event-source"),
    stopsBeyond: true,
    alters: fetchEventSource,
  },
  { name: "eventsource in Node", start: eventSource, stopsBeyond: true, givesUp503: true },
  { name: "eventsource-client in Node", start: eventSourceClient, stopsBeyond: true },
  { name: "artesian-client in Node", start: artesianClient },
  { name: "artesian-client in Chromium", start: inChromium("artesian-client") },
  { name: "artesian-client in Firefox, of another origin", start: inFirefox("artesian-client", { isCrossOrigin: true }) },
];

/** Two cores, and a browser that starts. */
const TIMEOUT = { timeout: 25_000 };
const textsOf = ({ received }: ReturningSite, topic: string): readonly string[] => received.get(topic) ?? [];
const has = (site: ReturningSite, topic: string, text: string): Promise<void> =>
  expect.poll(() => textsOf(site, topic), TIMEOUT).toContain(text);
/** What it received, without its failures. */
const dataOf = (site: ReturningSite, topic: string): readonly string[] =>
  textsOf(site, topic).filter((text) => !/^(error|closed)\b/.test(text));
const streamsOf = ({ requests }: ReturningSite, topic: string): number =>
  requests.filter(({ url }) => url?.includes(`match=${topic}`)).length;

function disconnectAll({ hub }: ReturningSite): void {
  for (const { id } of hub.subscribers()) hub.disconnect(id);
}

async function publishData(site: ReturningSite, alters: (data: string) => string): Promise<void> {
  for (const data of DATA) await site.hub.publish({ topic: "ascii", data });
  await site.hub.publish({ topic: "ascii", data: "end" });
  await has(site, "ascii", "end");
  expect(dataOf(site, "ascii")).toEqual([...DATA.map(alters), "end"]);
}

async function endStreams(site: ReturningSite, stopping: readonly Topic[]): Promise<void> {
  for (const topic of TOPICS) await site.hub.publish({ topic, id: IDS[topic], data: "one" });
  for (const topic of TOPICS) await has(site, topic, "one");
  disconnectAll(site);
  for (const topic of TOPICS) await site.hub.publish({ topic, data: "two" });
  for (const topic of TOPICS) {
    if (!stopping.includes(topic)) {
      await has(site, topic, "two");
      expect(dataOf(site, topic).slice(-2)).toEqual(["one", "two"]);
      continue;
    }
    // It fails before it asks: again and again, or once and for all.
    const failures = (): number => textsOf(site, topic).filter((text) => text.startsWith("error")).length + textsOf(site, "page").length;
    await expect.poll(failures, TIMEOUT).toBeGreaterThanOrEqual(site.received.has("page") ? 1 : 4);
    expect([dataOf(site, topic), streamsOf(site, topic)]).toEqual([["one"], 1]);
  }
}

async function breakConnections(site: ReturningSite): Promise<void> {
  site.door.break();
  await site.hub.publish({ topic: "ascii", data: "three" });
  await expect.poll(() => site.door.broken, TIMEOUT).toBeGreaterThan(5);
  site.door.mend();
  await has(site, "ascii", "three");
  expect(dataOf(site, "ascii").slice(-2)).toEqual(["two", "three"]);
}

async function refuseConnections(site: ReturningSite, givesUp: boolean): Promise<void> {
  const failures = (): number => textsOf(site, "ascii").filter((text) => text.startsWith("error")).length;
  const before = failures();
  const listenAgain = await site.door.refuse();
  await site.hub.publish({ topic: "ascii", data: "four" });
  // The first one is the end of the stream. The page's own requests go another way.
  await expect.poll(() => failures() >= before + 3 || textsOf(site, "ascii").includes("closed"), TIMEOUT).toBe(true);
  await listenAgain();
  await has(site, "ascii", givesUp ? "closed" : "four");
}

async function answer503(site: ReturningSite, givesUp: boolean): Promise<void> {
  const before = streamsOf(site, "ascii");
  site.status = 503;
  disconnectAll(site);
  await expect.poll(() => streamsOf(site, "ascii"), TIMEOUT).toBeGreaterThan(before);
  site.status = undefined;
  await site.hub.publish({ topic: "ascii", data: "five" });
  await has(site, "ascii", givesUp ? "closed" : "five");
  expect(dataOf(site, "ascii").includes("five")).toBe(!givesUp);
}

describe("what a client receives, and how it comes back", () => {
  test.each(CLIENTS)("$name", { timeout: 90_000 }, async ({ start, stopsBeyond, onRefusal, givesUp503, alters = (data) => data }) => {
    const site = await startReturningSite();
    await start(site, TOPICS);
    await expect.poll(() => site.hub.stats().subscribers, TIMEOUT).toBe(TOPICS.length);
    await publishData(site, alters);
    await endStreams(site, stopsBeyond === true ? ["beyond"] : []);
    // Firefox gives up at some of them, too, and not at others.
    if (onRefusal !== "gives up") await breakConnections(site);
    if (onRefusal !== "unknown") await refuseConnections(site, onRefusal === "gives up");
    if (onRefusal !== "gives up") await answer503(site, givesUp503 === true);
  });

  test("@microsoft/fetch-event-source does not come back from a stream's end, unless its onclose throws", async () => {
    const site = await startReturningSite();
    await inChromium("@microsoft/fetch-event-source", { plain: "yes" })(site, ["t"]);
    await expect.poll(() => site.hub.stats().subscribers, TIMEOUT).toBe(1);
    disconnectAll(site);
    await has(site, "t", "closed");
    expect(streamsOf(site, "t")).toBe(1);
  });

  test("reconnecting-eventsource forgets where it was, where only onmessage is set", async () => {
    const site = await startReturningSite();
    await inChromium("reconnecting-eventsource", { plain: "yes" })(site, ["t"]);
    await expect.poll(() => site.hub.stats().subscribers, TIMEOUT).toBe(1);
    await site.hub.publish({ topic: "t", data: "one" });
    await has(site, "t", "one");
    site.status = 503;
    disconnectAll(site);
    await has(site, "t", "error");
    await expect.poll(() => streamsOf(site, "t"), TIMEOUT).toBe(2);
    await site.hub.publish({ topic: "t", data: "two" });
    site.status = undefined;
    await expect.poll(() => site.hub.stats().subscribers, TIMEOUT).toBe(1);
    await site.hub.publish({ topic: "t", data: "three" });
    await has(site, "t", "three");
    expect(dataOf(site, "t")).toEqual(["one", "three"]);
  });
});
