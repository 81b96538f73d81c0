import { always, type Answer, type Case, type Seen } from "./case.ts";

/** Streams of one answer, and the data of each message in order. */
const TEXTS: readonly (readonly [file: string, title: string, body: string | Uint8Array, ...data: readonly string[]])[] = [
  [
    "event-data.any.js",
    "lines of data are joined, and unknown fields are passed over",
    "data:a\ndata: b\n\n:\nnofield:c\n\nnofield:c\nData:d\n\ndata\n\ndata:e\n\n",
    "a\nb",
    "",
    "e",
  ],
  ["format-bom.any.js", "one byte order mark is removed, at the start only", "\uFEFFdata:1\n\n\uFEFFdata:2\n\ndata:3\n\n", "1", "3"],
  [
    "format-bom-2.any.js",
    "the second of two byte order marks is part of a field's name",
    "\uFEFF\uFEFFdata:1\n\ndata:2\n\ndata:3\n\n",
    "2",
    "3",
  ],
  [
    "format-comments.any.js",
    "comments of any length, with any line end and NUL",
    `data:1\r:\0\n:\r\ndata:2\n:${"y".repeat(4096)}\rdata:3\n:data:no\r:${"y".repeat(4096)}\ndata:4\n\n`,
    "1\n2\n3\n4",
  ],
  ["format-field-data.any.js", "empty data, with a colon and without", "data:\n\ndata\ndata\n\ndata:a\n\n", "", "\n", "a"],
  ["format-field-event-empty.any.js", "an empty type is `message`", "event: \ndata:a\n\n", "a"],
  [
    "format-field-parsing.any.js",
    "names are compared exactly, and one space is removed",
    "data:\0\ndata:  b\rDATA:c\ndata\0:d\ndata:e\r\0data:f\nda ta:g\rdata_h\ndata:i\rdata:\r\n data:j\ndata:k\n\n",
    "\0\n b\ne\ni\n\nk",
  ],
  ["format-field-unknown.any.js", "unknown fields", "data:a\n data\ndata\nfield:b\nnothing\n:comment\ndata:c\n\n", "a\n\nc"],
  ["format-leading-space.any.js", "one space is removed, and no tab", "data:\ta\rdata: \ndata:b\n\n", "\ta\n\nb"],
  ["format-newlines.any.js", "CR, LF and CRLF end a line", "data:a\r\ndata\ndata:b\r\n\r", "a\n\nb"],
  ["format-null-character.any.js", "NUL is data", "data:\0\n\n", "\0"],
  ["format-utf-8.any.js", "bytes that are not UTF-8 become U+FFFD", Uint8Array.of(...Buffer.from("data:a"), 0xff, 10, 10), "a\uFFFD"],
];

/** Reflects the cursor, after a first stream that sets it. */
const reflecting =
  (id: string): Case["answer"] =>
  ({ headers }: Seen): Answer => {
    const cursor = Buffer.from(headers["last-event-id"] ?? "", "latin1").toString();
    return { body: cursor === "" ? `id:${id}\ndata:hello\n\n` : `data:${cursor}\n\n` };
  };

const NUL_IDS = ["\0\0", "a\0", "\0a", "a\0a", " \0"];

/** Cases that read a stream. */
export const STREAM_CASES: readonly Case[] = [
  ...TEXTS.map(([file, title, body, ...data]): Case => ({
    file,
    title,
    answer: always(body),
    plan: { until: data.length + 1 },
    reports: ["open", ...data.map((text) => `message ${JSON.stringify(text)}`)],
  })),
  {
    file: "format-utf-8.any.js",
    title: "another charset is passed over",
    answer: always("data:ok…\n\n", { type: "text/event-stream;charset=windows-1252" }),
    plan: { until: 2 },
    reports: ["open", 'message "ok…"'],
  },
  {
    file: "format-data-before-final-empty-line.any.js",
    title: "an event without its empty line is dropped, and its id, too",
    answer: always("retry:100\ndata:a\n\nid:x\ndata:b"),
    plan: { until: 5 },
    reports: ["open", 'message "a"', "error connecting", "open", 'message "a"'],
    delayMs: 100,
  },
  {
    file: "format-field-event.any.js",
    title: "a type names one event",
    answer: always("event:test\ndata:a\n\ndata:b\n\n"),
    plan: { named: ["test"], until: 3 },
    reports: ["open", 'test "a"', 'message "b"'],
  },
  {
    file: "format-field-id.any.js",
    title: "an id beyond ASCII comes back",
    answer: reflecting("…"),
    plan: { until: 5 },
    reports: ["open", 'message "hello" #…', "error connecting", "open", 'message "…" #…'],
  },
  {
    file: "format-field-id-2.any.js",
    title: "an id stays over several connections",
    answer: reflecting("…"),
    plan: { until: 8 },
    reports: ["open", 'message "hello" #…', "error connecting", "open", 'message "…" #…', "error connecting", "open", 'message "…" #…'],
  },
  ...(
    [
      ["an id persists", "id: 1\ndata: a\n\ndata: b\n\n", "#1", "#1"],
      ["an id changes and persists", "id: 1\ndata: a\n\nid: 2\ndata: b\n\ndata: c\n\n", "#1", "#2", "#2"],
      ["an empty id resets it", "id: 1\ndata: a\n\nid:\ndata: b\n\ndata: c\n\n", "#1", "", ""],
      ["an id without a colon resets it", "id: 1\ndata: a\n\nid\ndata: b\n\ndata: c\n\n", "#1", "", ""],
    ] as const
  ).map(([title, body, ...ids]): Case => ({
    file: "format-field-id-3.window.js",
    title,
    answer: always(body),
    plan: { until: ids.length + 1 },
    reports: ["open", ...ids.map((id, i) => `message "${"abc"[i]}" ${id}`.trimEnd())],
  })),
  ...NUL_IDS.map((id): Case => ({
    file: "format-field-id-null.window.js",
    title: `the id ${JSON.stringify(id)} is none`,
    answer: reflecting(id),
    plan: { until: 5 },
    reports: ["open", 'message "hello"', "error connecting", "open", 'message "hello"'],
  })),
  ...(
    [
      ["format-field-retry.any.js", "a time may begin with 0", "retry:0300\ndata:a\n\n", 300],
      ["format-field-retry-bogus.any.js", "a time with another character is passed over", "retry:300\nretry:1000x\ndata:a\n\n", 300],
      ["format-field-retry-empty.any.js", "an empty time is passed over", "retry\ndata:a\n\n", 20],
    ] as const
  ).map(([file, title, body, delayMs]): Case => ({
    file,
    title,
    answer: always(body),
    plan: { until: 4 },
    reports: ["open", 'message "a"', "error connecting", "open"],
    delayMs,
  })),
];
