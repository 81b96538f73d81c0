import { createMatcher } from "../matcher.ts";
import type { FakeGap, FakeJournal, FakeRecord } from "./fake-journal.ts";

/** Delay between two comments of a silent stream, in milliseconds. */
const HEARTBEAT_MS = 15_000;

/** Longest wait of a poll that names none, in seconds. */
const DEFAULT_WAIT_S = 25;

/** An open stream or a poll that waits. */
interface Reader {
  readonly id: string;
  token: string | undefined;
  /** Whether nothing reaches the client any more. */
  isStalled: boolean;
  readonly selects: (record: FakeRecord) => boolean;
  readonly deliver: (record: FakeRecord) => void;
  readonly tell: (event: string) => void;
  readonly end: () => void;
  readonly cut: () => void;
}

/** Where a reader begins. */
interface Start {
  readonly gap: FakeGap | undefined;
  readonly records: readonly FakeRecord[];
}

/** The subscribers of the hub. */
export interface Readers {
  count(): number;
  /** Answers a subscription or a poll. */
  read(params: URLSearchParams, request: Request, token: string | undefined): Response | Promise<Response>;
  deliver(record: FakeRecord): FakeRecord;
  /** @returns Whether there is such a stream. */
  renew(id: string, token: string): boolean;
  readonly drop: () => void;
  readonly stall: () => void;
  /** Tells the streams of these tokens that their time ends. */
  expire(tokens: ReadonlySet<string>, inMs: number): void;
  end(tokens: ReadonlySet<string>): void;
}

export function createReaders(journal: FakeJournal, base: string): Readers {
  const open = new Set<Reader>();

  function selection(params: URLSearchParams): (record: FakeRecord) => boolean {
    const exact = [...params.getAll("match"), ...params.getAll("match_exact")];
    const patterns = params.getAll("match_urlpattern").map((pattern) => createMatcher(pattern, base).matches);
    const isAll = exact.includes("*") || (exact.length === 0 && patterns.length === 0);
    return ({ topics }) => isAll || topics.some((topic) => exact.includes(topic) || patterns.some((matches) => matches(topic)));
  }

  function startOf(params: URLSearchParams, cursor: string, selects: (record: FakeRecord) => boolean): Start {
    const place = cursor === "" ? undefined : journal.seek(cursor);
    const gap = typeof place === "object" ? place : undefined;
    const isLatest = params.get("latest") === "on";
    const last = typeof place === "number" ? null : params.get("last");
    const from = typeof place === "number" ? place : gap !== undefined || last !== null ? 0 : journal.tail;
    const matching = journal.after(from).filter(selects);
    const newest = new Map(matching.map((record) => [record.topics[0], record]));
    const chosen = isLatest ? matching.filter((record) => newest.get(record.topics[0]) === record) : matching;
    return { gap, records: last === null ? chosen : chosen.slice(-Number(last)) };
  }

  function watch(reader: Reader, signal: AbortSignal, leave: () => void): () => void {
    open.add(reader);
    signal.addEventListener("abort", leave, { once: true });
    return () => {
      open.delete(reader);
      signal.removeEventListener("abort", leave);
    };
  }

  function stream(
    params: URLSearchParams,
    { gap, records }: Start,
    reads: Pick<Reader, "selects" | "token">,
    signal: AbortSignal,
  ): Response {
    const encoder = new TextEncoder();
    const hasTopics = params.get("fields") === "topics";
    let close = (): void => undefined;
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        const write = (text: string): void => {
          if (!reader.isStalled) controller.enqueue(encoder.encode(text));
        };
        const reader: Reader = {
          ...reads,
          id: crypto.randomUUID(),
          isStalled: false,
          deliver: (record) => write(eventOf(record, hasTopics)),
          tell: (event) => write(event.replace("SUBSCRIBER", reader.id)),
          end() {
            close();
            controller.close();
          },
          cut() {
            close();
            controller.error(new TypeError("The fake hub has cut the stream."));
          },
        };
        const heartbeat = setInterval(() => write(":\n"), HEARTBEAT_MS);
        const unwatch = watch(reader, signal, () => {
          close();
          controller.error(signal.reason);
        });
        close = () => {
          clearInterval(heartbeat);
          unwatch();
        };
        if (gap !== undefined) write(`event: hub:gap\ndata: ${JSON.stringify(gap)}\n\n`);
        for (const record of records) reader.deliver(record);
        write(`event: hub:cursor\nid: ${journal.cursor}\ndata: {}\n\n`);
      },
      cancel: () => close(),
    });
    return new Response(body, { headers: { "content-type": "text/event-stream", "cache-control": "no-store" } });
  }

  function poll(
    params: URLSearchParams,
    { gap, records }: Start,
    reads: Pick<Reader, "selects" | "token">,
    hasCursor: boolean,
    signal: AbortSignal,
  ): Promise<Response> {
    const answer = (updates: readonly FakeRecord[]): Response =>
      Response.json({
        gap,
        updates: updates.map(({ id, type, topics, data, retry }) => ({ id, type, topics, data, retry })),
        cursor: journal.cursor,
      });
    const waitS = Number(params.get("wait") ?? DEFAULT_WAIT_S);
    if (gap !== undefined || records.length > 0 || !hasCursor || waitS === 0) return Promise.resolve(answer(records));
    return new Promise((resolve, reject) => {
      const settle =
        <T>(done: (value: T) => void) =>
        (value: T): void => {
          clearTimeout(timer);
          unwatch();
          done(value);
        };
      const respond = settle((updates: readonly FakeRecord[]) => {
        if (!reader.isStalled) resolve(answer(updates));
      });
      const fail = settle(reject);
      const reader: Reader = {
        ...reads,
        id: crypto.randomUUID(),
        isStalled: false,
        deliver: (record) => {
          if (!reader.isStalled) respond([record]);
        },
        tell: () => undefined,
        end: () => respond([]),
        cut: () => fail(new TypeError("The fake hub has cut the poll.")),
      };
      const unwatch = watch(reader, signal, () => fail(signal.reason));
      const timer = setTimeout(() => {
        if (!reader.isStalled) respond([]);
      }, waitS * 1000);
    });
  }

  return {
    count: () => open.size,
    read(params, { headers, signal }, token) {
      const matches = selection(params);
      const selects = (record: FakeRecord): boolean => (!record.isPrivate || token !== undefined) && matches(record);
      const sent = headers.get("last-event-id");
      const cursor = sent === null ? (params.get("last_event_id") ?? "") : textOfHeader(sent);
      const start = startOf(params, cursor, selects);
      if (!/application\/json/.test(headers.get("accept") ?? "")) return stream(params, start, { selects, token }, signal);
      return poll(params, start, { selects, token }, cursor !== "", signal);
    },
    deliver(record) {
      for (const reader of open) if (reader.selects(record)) reader.deliver(record);
      return record;
    },
    renew(id, token) {
      const reader = [...open].find((one) => one.id === id);
      if (reader !== undefined) reader.token = token;
      return reader !== undefined;
    },
    drop() {
      for (const reader of open) reader.cut();
    },
    stall() {
      for (const reader of open) reader.isStalled = true;
    },
    expire(tokens, inMs) {
      const event = `event: hub:expiring\ndata: ${JSON.stringify({ expiresInMs: inMs, subscriber: "SUBSCRIBER" })}\n\n`;
      for (const reader of open) if (tokens.has(reader.token ?? "")) reader.tell(event);
    },
    end(tokens) {
      for (const reader of open) if (tokens.has(reader.token ?? "")) reader.end();
    },
  };
}

function eventOf({ id, type, topics, data, retry }: FakeRecord, hasTopics: boolean): string {
  const lines = [
    ...(hasTopics ? topics.map((topic) => `topics: ${topic}`) : []),
    `id: ${id}`,
    ...(type === undefined ? [] : [`event: ${type}`]),
    ...(retry === undefined ? [] : [`retry: ${retry}`]),
    ...data.split("\n").map((line) => `data: ${line}`),
  ];
  return `${lines.join("\n")}\n\n`;
}

/** A header has the id's UTF-8 bytes, a character each. */
function textOfHeader(value: string): string {
  return new TextDecoder().decode(Uint8Array.from(value, (character) => character.charCodeAt(0)));
}
