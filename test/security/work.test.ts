import { once } from "node:events";
import { connect } from "node:net";
import { describe, expect, test } from "vitest";
import { longestTurnMs } from "../support/cpu.ts";
import { startHub } from "../support/server.ts";

/** Longest time that one request may hold up all others, in milliseconds of processor time. */
const LONGEST_MS = 100;
const MEBIBYTE = 1024 * 1024;
const FORM = "application/x-www-form-urlencoded";

const filled = (unit: string, bytes: number): string => unit.repeat(Math.floor(bytes / unit.length));
const query = (body: string): RequestInit => ({ method: "QUERY", headers: { "Content-Type": FORM }, body });
const publish = (type: string, body: string): RequestInit => ({ method: "POST", headers: { "Content-Type": type }, body });

/** Different for each request: a name costs most when it is new to the process. */
let used = 0;

/** Members of different names. */
function members(prefix: string, bytes: number): string {
  const salt = (++used).toString(36);
  let text = "";
  for (let i = 0; text.length < bytes - 20; i++) text += `,"${prefix}${salt}-${i.toString(36)}":1`;
  return text;
}

/** Objects with one name each, all different. */
function objects(count: number): string {
  const salt = (++used).toString(36);
  return Array.from({ length: count }, (_, i) => `,{"${salt}${i.toString(36)}":1}`).join("");
}

/** Four thousand names of two characters. */
const SHORT_NAMES: readonly string[] = Array.from({ length: 4096 }, (_, i) =>
  JSON.stringify(String.fromCodePoint(0x40 + (i >> 6), 0x40 + (i & 63))),
);

/** Objects of few names, whose order is different in each. */
function unlike(count: number, separator: string): string {
  const salt = ++used;
  const name = (i: number): string => SHORT_NAMES[i % SHORT_NAMES.length] as string;
  return Array.from({ length: count }, (_, i) => `{${name(i * 7 + salt)}:1,${name(i * 131 + (i >> 5))}:${separator}`).join("");
}

/** A batch of updates with data whose names are all different. */
function updates(separator: string): string {
  return Array.from({ length: 1000 }, () => `{"topic":"a","data":{"a":1${members("", 1000)}}}`).join(separator);
}

/** The worst that each limit lets in. */
const REQUESTS: readonly (readonly [what: string, init: RequestInit | (() => RequestInit)])[] = [
  ["a QUERY of stray percent signs", query(filled("%&", 256 * 1024))],
  ["a QUERY of empty fields", query(filled("=&", 256 * 1024))],
  ["a QUERY of matchers", query(filled("match=%41&", 256 * 1024))],
  [
    "a QUERY of patterns",
    query(Array.from({ length: 100 }, (_, i) => `match_urlpattern=${encodeURIComponent(`/:a${i}*${"x".repeat(600)}`)}`).join("&")),
  ],
  ["a QUERY that is too large", query(filled("%&", MEBIBYTE))],
  ["a form of stray percent signs", publish(FORM, filled("%&", MEBIBYTE))],
  ["a form of bytes that are not UTF-8", publish(FORM, filled("a=%E4&", MEBIBYTE))],
  ["a form of topics", publish(FORM, filled("topic=a&", MEBIBYTE))],
  ["one field of stray percent signs", publish(FORM, `topic=a&data=${filled("%", MEBIBYTE - 20)}`)],
  ["a form of line breaks", publish(FORM, `topic=a&data=${filled("\r", MEBIBYTE - 20)}`)],
  ["a form of as many line breaks as there may be", publish(FORM, `topic=a&data=${filled("abcde\r", MEBIBYTE - 40)}`)],
  ["an array of updates", publish("application/json", `[${filled('{"topic":"a"},', MEBIBYTE - 20)}{"topic":"a"}]`)],
  ["an array of empty objects", publish("application/json", `[${filled("{},", MEBIBYTE - 10)}{}]`)],
  ["an update of topics", publish("application/json", `{"topic":[${filled('"a",', MEBIBYTE - 20)}"a"]}`)],
  ["a batch of topics", publish("application/json", `[${filled(`{"topic":[${filled('"a",', 380)}"a"]},`, MEBIBYTE - 20)}{"topic":"a"}]`)],
  ["nested JSON", publish("application/json", `{"topic":"a","data":${filled("[", 400_000)}${filled("]", 400_000)}}`)],
  ["an update of fields", () => publish("application/json", `{"topic":"a"${members("", MEBIBYTE - 40)}}`)],
  ["an update of fields with escaped names", () => publish("application/json", `{"topic":"a"${members("\\u0061", MEBIBYTE - 40)}}`)],
  ["an update of fields that are nearly right", () => publish("application/json", `{"a":1${members("Topic_", MEBIBYTE - 40)}}`)],
  ["data of many names", () => publish("application/json", `{"topic":"a","data":{"a":1${members("", MEBIBYTE - 40)}}}`)],
  ["data of as many names as there may be", () => publish("application/json", `{"topic":"a","data":[0${objects(19_990)}]}`)],
  ["data of objects with names of their own", () => publish("application/json", `{"topic":"a","data":[0${objects(75_000)}]}`)],
  ["data of objects that are all unlike", () => publish("application/json", `{"topic":"a","data":[${unlike(60_000, "1},")}0]}`)],
  [
    "objects in each other that are all unlike, and do not end",
    () => publish("application/json", `{"topic":"a","data":${unlike(60_000, "")}`),
  ],
  ["a topic of objects that are all unlike", () => publish("application/json", `{"topic":[${unlike(60_000, "1},")}0]}`)],
  ["data of names that come again", publish("application/json", `{"topic":"a","data":[${filled('{"x":1,"y":2},', MEBIBYTE - 60)}0]}`)],
  ["updates with names of their own", () => publish("application/json", `[${updates(",")}]`)],
  ["lines of updates with names of their own", () => publish("application/x-ndjson", updates("\n"))],
  ["text of colons", publish("application/json", `{"topic":"a","data":"${filled(":", MEBIBYTE - 40)}"}`)],
  ["text of quotes", publish("application/json", `{"topic":"a","data":"${filled('\\":', MEBIBYTE - 40)}"}`)],
  ["a fragment of quotes and colons", publish("application/json", filled('":', MEBIBYTE))],
  ["lines of updates", publish("application/x-ndjson", filled('{"topic":"a"}\n', MEBIBYTE))],
  ["empty lines", publish("application/x-ndjson", filled("\n", MEBIBYTE))],
];

describe("the longest time that the event loop is held up", () => {
  test.each(REQUESTS)("by %s is bounded", async (_, init) => {
    const { url } = await startHub({ reservedTopics: [{ type: "urlpattern", pattern: "/reserved/*" }] });
    const controller = new AbortController();
    const inits = Array.from({ length: 4 }, () => (typeof init === "function" ? init() : init));
    const ask = async (): Promise<void> => {
      const response = await fetch(`${url}?match=a`, { ...inits.pop(), signal: controller.signal });
      expect(response.status).toBeLessThan(500);
      if (!response.ok) await response.text();
    };
    // The first one pays for what is compiled on the way.
    await ask();
    const longest = [await longestTurnMs(ask), await longestTurnMs(ask), await longestTurnMs(ask)];
    controller.abort();
    // The least of three: the others may have held a large collection of garbage.
    expect(Math.min(...longest)).toBeLessThan(LONGEST_MS);
  });

  test.each([
    ["forms of plus signs", publish(FORM, `topic=a&data=${filled("+", MEBIBYTE - 20)}`)],
    ["queries of plus signs", query(`matcher=a&${filled("+", 250_000)}`)],
    ["blank lines", publish("application/x-ndjson", filled(" \n", MEBIBYTE))],
    ["nested lists", publish("application/json", `{"topic":"a","data":[${filled("[1],", 400_000)}0]}`)],
  ])("by many %s that end together is bounded", async (_, init) => {
    const { url } = await startHub();
    const { hostname, port, pathname } = new URL(url);
    const { method, headers, body } = init as { method: string; headers: Record<string, string>; body: string };
    const bytes = Buffer.from(
      `${method} ${pathname} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nContent-Type: ${headers["Content-Type"]}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
    );
    // Not with fetch(), which would take its own time in the same process to encode the bodies.
    const ask = async (): Promise<void> => {
      const socket = connect({ host: hostname, port: Number(port) });
      socket.write(bytes);
      const [start] = (await once(socket, "data")) as [Buffer];
      expect(start.toString("latin1")).toMatch(/^HTTP\/1\.1 [24]/);
      socket.destroy();
    };
    await ask();
    expect(await longestTurnMs(() => Promise.all(Array.from({ length: 30 }, ask)))).toBeLessThan(LONGEST_MS);
  });
});
