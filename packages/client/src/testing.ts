/**
 * A hub for tests, in the page or in Node. It needs no server: pass its `fetch` to the client.
 *
 * @module
 * @see docs/reference/client.md, "Testing"
 */
import { createFakeJournal } from "./testing/fake-journal.ts";
import { createReaders } from "./testing/fake-readers.ts";
import { readUpdates, type WireUpdate } from "./testing/wire-update.ts";
import type { UpdateInput } from "./update.ts";

/** Delay between `hub:expiring` and the end of a token, in milliseconds. */
const EXPIRY_MS = 1000;

const HUB_PATH = "/.well-known/mercure";
const ALIAS_PATH = "/events/stream";

/** A hub without a network. */
export interface FakeHub {
  /** Where to subscribe and publish. */
  readonly url: string;
  /** The `fetch` option of `connect`, `subscribe` and `publish`. */
  readonly fetch: typeof fetch;
  /** The updates that clients sent, in order, as JSON objects with the hub's names. */
  readonly received: readonly WireUpdate[];
  /** Open streams and waiting polls. */
  readonly subscribers: number;
  /**
   * Publishes an update.
   *
   * @returns The event id.
   */
  publish(update: UpdateInput): string;
  /** Cuts all streams and polls. Clients come back at their cursors. */
  drop(): void;
  /** Silences the streams and polls of now, which stay open. Later requests are served. */
  stall(): void;
  /**
   * Lets the tokens seen so far expire. Streams are told, and end with their token unless it is
   * renewed.
   *
   * @param inMs - Delay, in milliseconds. Default 1,000.
   */
  expire(inMs?: number): void;
  /** Forgets all updates and cuts all streams. A client that comes back with a cursor has a gap. */
  gap(): void;
}

/**
 * Makes a hub for tests. It accepts every token, and requests without one. Only subscribers with a
 * token get private updates.
 *
 * @param origin - Origin of the hub's URL. No request leaves for it.
 */
export function createFakeHub(origin = "http://hub.test"): FakeHub {
  const url = `${origin}${ALIAS_PATH}`;
  const journal = createFakeJournal();
  const readers = createReaders(journal, url);
  const received: WireUpdate[] = [];
  const tokens = new Set<string>();
  const expired = new Set<string>();
  const answers = new Map<string, readonly string[]>();

  function append(update: WireUpdate): string {
    const { delay = 0, deliver_at: at } = update;
    const waitMs = at === undefined ? delay : Date.parse(at) - Date.now();
    if (waitMs <= 0) return readers.deliver(journal.append(update)).id;
    const id = update.id ?? crypto.randomUUID();
    setTimeout(() => readers.deliver(journal.append({ ...update, id })), waitMs);
    return id;
  }

  async function publish(request: Request): Promise<Response> {
    const updates = await readUpdates(request);
    if (typeof updates === "string") return problem(400, updates);
    const key = request.headers.get("idempotency-key");
    const known = key === null ? undefined : answers.get(key);
    const ids = known ?? updates.list.map(append);
    if (known === undefined) received.push(...updates.list);
    if (key !== null) answers.set(key, ids);
    if (!/json/.test(request.headers.get("accept") ?? "")) return new Response(ids.join("\n"));
    return Response.json(updates.isBatch ? { ids } : { id: ids[0] });
  }

  async function answer(request: Request): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    const token = /^Bearer (.+)$/i.exec(request.headers.get("authorization") ?? "")?.[1];
    if (token !== undefined && expired.has(token)) return problem(401, "invalid_token");
    if (token !== undefined) tokens.add(token);
    const renewed = new RegExp(`^${HUB_PATH}/subscribers/([\\w-]+)$`).exec(pathname)?.[1];
    if (renewed !== undefined && request.method === "POST") {
      if (token === undefined) return problem(401, "unauthorized");
      return readers.renew(renewed, token) ? Response.json({ expiresInMs: null }) : problem(404, "not_found");
    }
    if (pathname !== HUB_PATH && pathname !== ALIAS_PATH) return problem(404, "not_found");
    if (request.method === "POST") return publish(request);
    if (request.method === "QUERY") for (const [name, value] of new URLSearchParams(await request.text())) searchParams.append(name, value);
    else if (request.method !== "GET") return problem(405, "method_not_allowed");
    if (pathname === HUB_PATH && ![...searchParams.keys()].some((name) => name.startsWith("match"))) return problem(400, "missing_matcher");
    return readers.read(searchParams, request, token);
  }

  return {
    url,
    received,
    fetch: async (input, init) => {
      const request = new Request(input, init);
      request.signal.throwIfAborted();
      return answer(request);
    },
    get subscribers() {
      return readers.count();
    },
    publish({ delayMs: delay, deliverAt, ttlMs: ttl, ...rest }) {
      return append({ ...rest, delay, ttl, deliver_at: deliverAt?.toISOString() });
    },
    drop: readers.drop,
    stall: readers.stall,
    expire(inMs = EXPIRY_MS) {
      const ending = new Set(tokens);
      tokens.clear();
      readers.expire(ending, inMs);
      setTimeout(() => {
        for (const token of ending) expired.add(token);
        readers.end(ending);
      }, inMs);
    },
    gap() {
      journal.clear();
      readers.drop();
    },
  };
}

function problem(status: number, code: string): Response {
  return Response.json({ title: code, status, code }, { status, headers: { "content-type": "application/problem+json" } });
}

export type { WireUpdate };
