import { always, IN_BROWSER, type Case, type Seen } from "./case.ts";

const HELLO = "data: data\n\n";
const OPENED = ["open", 'message "data"'];
const anyOrigin = { "access-control-allow-origin": "*" };
const own = ({ headers }: Seen): Record<string, string> => ({
  "access-control-allow-origin": headers.origin ?? "*",
  "access-control-allow-credentials": "true",
});

const LONG = "a".repeat(255);

/** Ids and whether the standard sends them to another origin without a preflight. */
const IDS: readonly (readonly [title: string, id: string, isSafe: boolean])[] = [
  ["a safe id", "abc", true],
  ["an id that is too long", LONG, false],
  ["an id with unsafe characters", "e5p3n<3k0k0s", false],
];

/** Cases that look at requests, and at answers before the stream. */
export const REQUEST_CASES: readonly Case[] = [
  {
    file: "request-accept.any.js",
    title: "the accepted type",
    answer: ({ headers }) => ({ body: `data: ${headers.accept}\n\n` }),
    plan: { until: 2 },
    reports: ["open", 'message "text/event-stream"'],
  },
  ...[false, true].map((crossOrigin): Case => ({
    file: "request-cache-control.any.js",
    title: `no cache answers, ${crossOrigin ? "from another origin" : "from the same origin"}`,
    answer: ({ headers }) => ({ headers: anyOrigin, body: `data: ${headers["cache-control"]}\n\n` }),
    plan: { crossOrigin, until: 5 },
    reports: ["open", 'message "no-cache"', "error connecting", "open", 'message "no-cache"'],
  })),
  ...(
    [
      ["enabled", { withCredentials: true }, "yes"],
      ["disabled", { withCredentials: false }, "no"],
      ["by default", {}, "no"],
    ] as const
  ).map(([title, options, second]): Case => ({
    file: "request-credentials.window.js",
    title: `cookies of another origin, ${title}`,
    // Other cases of the same host set no cookie of this name.
    answer: (seen) => ({
      headers: { ...own(seen), "set-cookie": `c${seen.url.pathname.split("/")[1]}=1` },
      body: `data: ${(seen.headers.cookie ?? "").includes(`c${seen.url.pathname.split("/")[1]}=`) ? "yes" : "no"}\n\n`,
    }),
    plan: { crossOrigin: true, options, until: 5 },
    reports: ["open", 'message "no"', "error connecting", "open", `message "${second}"`],
    scopes: IN_BROWSER,
  })),
  ...[301, 302, 303, 307, 308].map((status): Case => ({
    file: "request-redirect.window.js",
    title: `${status} is followed`,
    answer: ({ url }) => (url.search === "" ? { status, headers: { location: "?2" } } : { body: HELLO }),
    plan: { until: 2 },
    reports: OPENED,
  })),
  ...[204, 205, 210, 299, 404, 410].map((status): Case => ({
    file: "request-status-error.window.js",
    title: `${status} closes it`,
    answer: always([204, 205].includes(status) ? "" : HELLO, { status }),
    plan: { until: 1 },
    reports: ["error closed"],
  })),
  {
    file: "request-status-error.window.js",
    title: "503 is tried again",
    answer: ({ n }) => (n === 0 ? { status: 503 } : { body: HELLO }),
    plan: { until: 3 },
    reports: ["error connecting", ...OPENED],
    theirs: "503 closes it",
  },
  ...["x bogus", "text/x-bogus", ""].map((type): Case => ({
    file: type.startsWith("text") ? "format-mime-valid-bogus.any.js" : "format-mime-bogus.any.js",
    title: `the type "${type}" closes it`,
    answer: always(HELLO, { type }),
    plan: { until: 1 },
    reports: ["error closed"],
  })),
  {
    file: "format-mime-trailing-semicolon.any.js",
    title: "the type may end with a semicolon",
    answer: always(HELLO, { type: "text/event-stream;" }),
    plan: { until: 2 },
    reports: OPENED,
  },
  ...IDS.map(([title, id, isSafe]): Case => ({
    file: "eventsource-cross-origin-preflight.window.js",
    title: `${title} comes back to another origin`,
    answer(seen) {
      if (seen.n === 0) return { headers: own(seen), body: `id: ${id}\ndata: ${seen.preflights.length}\n\n` };
      return { headers: own(seen), body: `data: ${seen.headers["last-event-id"] === id} ${seen.preflights.join()}\n\n` };
    },
    plan: { crossOrigin: true, until: 5 },
    reports: ["open", `message "0" #${id}`, "error connecting", "open", `message "true last-event-id" #${id}`],
    scopes: IN_BROWSER,
    ...(isSafe ? { theirs: "a safe id needs no preflight" } : {}),
  })),
  {
    file: "eventsource-cross-origin.window.js",
    title: "a stream of another origin",
    answer: (seen) => ({ headers: own(seen), body: HELLO }),
    plan: { crossOrigin: true, options: { withCredentials: true }, until: 2 },
    reports: OPENED,
  },
  {
    file: "eventsource-cross-origin.window.js",
    title: "a redirect at another origin",
    answer: (seen) =>
      seen.url.search === "" ? { status: 302, headers: { ...own(seen), location: "?2" } } : { headers: own(seen), body: HELLO },
    plan: { crossOrigin: true, options: { withCredentials: true }, until: 2 },
    reports: OPENED,
  },
  {
    file: "eventsource-cross-origin.window.js",
    title: "a stream of another origin comes back",
    answer: (seen) => ({ headers: own(seen), body: seen.n === 0 ? "retry: 2\n" : HELLO }),
    plan: { crossOrigin: true, options: { withCredentials: true }, until: 4 },
    reports: ["open", "error connecting", ...OPENED],
  },
  ...[{ "access-control-allow-origin": "http://example.org" }, { "access-control-allow-origin": "" }, {}].map((headers, i): Case => ({
    file: "eventsource-cross-origin.window.js",
    title: `another origin that allows ${["a third one", "an empty one", "none"][i]} is not read`,
    answer: always(HELLO, { headers }),
    plan: { crossOrigin: true, until: 2 },
    reports: ["error connecting", "error connecting"],
    scopes: IN_BROWSER,
    theirs: "it closes",
  })),
];
