import { always, IN_BROWSER, type Case } from "./case.ts";

const HELLO = "data: data\n\n";
const OPENED = ["open", 'message "data"'];

/** Cases of the constructor, the object and its events. */
export const OBJECT_CASES: readonly Case[] = [
  {
    file: "eventsource-constructor-empty-url.any.js",
    title: "an empty text is the page's own URL",
    answer: always(HELLO),
    plan: { url: "", tellsUrl: true, until: 1 },
    reports: ["url BASE"],
    scopes: IN_BROWSER,
  },
  ...["ftp://example.not/", "about:blank", "mailto:a@b.example", "javascript:alert('no')"].map((url): Case => ({
    file: "eventsource-constructor-non-same-origin.window.js",
    title: `${url} closes it`,
    answer: always(HELLO),
    plan: { url, until: 1 },
    reports: ["error closed"],
  })),
  {
    file: "eventsource-constructor-stringify.window.js",
    title: "an object is turned into text",
    answer: always(HELLO),
    plan: { asObject: true, until: 2 },
    reports: OPENED,
  },
  ...[1, null, undefined].map((url): Case => ({
    file: "eventsource-constructor-stringify.window.js",
    title: `${url} is turned into text`,
    answer: always(HELLO),
    plan: { url, tellsUrl: true, until: 1 },
    reports: [`url ORIGIN/${url}`],
    scopes: IN_BROWSER,
  })),
  {
    file: "eventsource-constructor-url-bogus.any.js",
    title: "a text that is no URL throws",
    answer: always(HELLO),
    // Spaces in a host, as in the web platform's test, are no error in Chromium's URLs.
    plan: { url: "http://no:port/", until: 1 },
    reports: ["throws SyntaxError"],
  },
  {
    file: "eventsource-url.any.js",
    title: "a relative URL is made absolute",
    answer: always(HELLO),
    plan: { url: "PATH", tellsUrl: true, until: 3 },
    reports: ["url ORIGIN/PATH", ...OPENED],
    scopes: IN_BROWSER,
  },
  {
    file: "eventsource-close.window.js",
    title: "close() in `open` is the end",
    answer: always(HELLO),
    plan: { until: 1 },
    reports: ["open"],
  },
  {
    file: "eventsource-close.window.js",
    title: "a stream that ends is opened again until 204",
    answer: ({ n }) => [{ body: "retry: 2\ndata: a\n\n" }, { body: "data: b\n\n" }][n] ?? { status: 204 },
    plan: { until: 7 },
    reports: ["open", 'message "a"', "error connecting", "open", 'message "b"', "error connecting", "error closed"],
  },
  {
    file: "eventsource-eventtarget.any.js",
    title: "a listener hears an event",
    answer: always("event: test\ndata: data\n\n"),
    plan: { named: ["test"], until: 2 },
    reports: ["open", 'test "data"'],
  },
  {
    file: "eventsource-onmessage.any.js",
    title: "`onmessage` hears an event",
    answer: always(HELLO),
    plan: { until: 2 },
    reports: OPENED,
  },
  {
    file: "eventsource-onopen.any.js",
    title: "`onopen` hears the head of the answer",
    answer: always("", { stays: true, body: ":\n" }),
    plan: { until: 1 },
    reports: ["open"],
  },
  {
    file: "eventsource-reconnect.window.js",
    title: "an empty stream is opened again",
    answer: ({ n }) => ({ body: n === 0 ? "retry: 2\n" : HELLO }),
    plan: { until: 4 },
    reports: ["open", "error connecting", ...OPENED],
  },
  {
    file: "eventsource-reconnect.window.js",
    title: "`error` comes before the second stream",
    answer: ({ n }) => ({ body: n === 0 ? "retry: 2\ndata: ok\n\n" : HELLO }),
    plan: { until: 5 },
    reports: ["open", 'message "ok"', "error connecting", ...OPENED],
  },
  {
    file: "eventsource-request-cancellation.window.js",
    title: "a stopped page opens the stream again",
    answer: ({ n }) => (n === 0 ? { stays: true, body: ":\n" } : { body: HELLO }),
    plan: { stopsPage: true, until: 3 },
    reports: ["open", "error connecting", "open"],
    scopes: ["page"],
    theirs: "it closes",
  },
];
