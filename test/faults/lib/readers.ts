import { get } from "node:http";
import { subscribe } from "artesian-client";
import { EventSource } from "eventsource";
import { createParser } from "eventsource-parser";
import type { Reader, SubscriberPlan } from "./plan.ts";
import { createRandom } from "../../support/random.ts";

/** What a subscriber is told, whichever client it uses. */
export interface ReaderEvents {
  /** The stream is there; for one that begins live, its first event, too: the cursor to come back with. */
  opened(): void;
  /** An event of the stream; its id is the newest cursor. */
  event(type: string, data: string, id: string): void;
  /** The connection was lost, or refused; a client that gives up by itself says so here, too. */
  lost(reason: string): void;
}

/** How long a bare request waits before it comes back, in milliseconds: the time is short so that more is tried in a run. */
const BACK_MS = { least: 5, most: 60 };

/** Reads a stream with one of the clients and comes back whenever it ends. @returns Ends it. */
export function read(hub: string, plan: SubscriberPlan, events: ReaderEvents): () => void {
  const url = new URL(hub);
  for (const [name, value] of plan.query) url.searchParams.append(name, value);
  return READERS[plan.reader](url, plan, events);
}

type Start = (url: URL, plan: SubscriberPlan, events: ReaderEvents) => () => void;

const READERS: Readonly<Record<Reader, Start>> = { request: readByRequest, eventsource: readByEventSource, client: readByClient };

const bearer = (token: string | undefined): Record<string, string> => (token === undefined ? {} : { authorization: `Bearer ${token}` });
const cursorOf = ({ from }: SubscriberPlan): string => (from === "earliest" ? "earliest" : "");

function readByRequest(url: URL, plan: SubscriberPlan, events: ReaderEvents): () => void {
  const random = createRandom(Number.parseInt(Buffer.from(plan.name).toString("hex").slice(-7), 16));
  let cursor = cursorOf(plan);
  let closed = false;
  let end = (): void => undefined;
  const open = (): void => {
    if (closed) return;
    const target = new URL(url);
    // Half of the time as EventSource does it, half of the time as those do who can't set header fields.
    const inHeader = random.below(2) === 0;
    if (!inHeader && cursor !== "") target.searchParams.set("last_event_id", cursor);
    const headers = { ...bearer(plan.token), ...(inHeader && cursor !== "" ? { "last-event-id": cursor } : {}) };
    let hasAnswer = false;
    const req = get(target, { agent: false, headers }, (res) => {
      hasAnswer = true;
      if (res.statusCode !== 200) events.lost(`status ${res.statusCode}`);
      let isOpen = plan.from === "earliest" && res.statusCode === 200;
      if (isOpen) events.opened();
      const parser = createParser({
        onEvent: ({ event, data, id }) => {
          if (closed) return;
          if (!isOpen) events.opened();
          isOpen = true;
          cursor = id ?? cursor;
          events.event(event ?? "message", data, cursor);
        },
      });
      if (res.statusCode === 200) res.setEncoding("utf8").on("data", (text: string) => parser.feed(text));
      else res.resume();
      res.once("close", again);
    });
    const again = (): void => {
      if (closed) return;
      events.lost("the connection ended");
      setTimeout(open, random.between(BACK_MS.least, BACK_MS.most));
    };
    req.once("error", (error: NodeJS.ErrnoException) => {
      // Once there was a response, its end is told by that.
      if (!hasAnswer && !closed) {
        events.lost(error.code ?? error.message);
        setTimeout(open, random.between(BACK_MS.least, BACK_MS.most));
      }
    });
    end = () => void req.destroy();
  };
  open();
  return () => {
    closed = true;
    end();
  };
}

function readByEventSource(url: URL, plan: SubscriberPlan, events: ReaderEvents): () => void {
  const target = new URL(url);
  // It begins so and from then on sends what it saw last in the header, which wins.
  if (plan.from === "earliest") target.searchParams.set("last_event_id", "earliest");
  const source = new EventSource(target, {
    fetch: (input, init) => fetch(input, { ...init, headers: { ...init.headers, ...bearer(plan.token) } }),
  });
  let isOpen = false;
  source.addEventListener("open", () => {
    isOpen = plan.from === "earliest";
    if (isOpen) events.opened();
  });
  source.addEventListener("error", ({ code, message }) => {
    isOpen = false;
    events.lost(message ?? "");
    // By the standard, any answer but 200 is the end of it: nobody would be told any more.
    if (source.readyState === source.CLOSED) events.lost(`EventSource gave up: status ${code}`);
  });
  for (const type of ["message", "hub:gap", "hub:cursor"]) {
    source.addEventListener(type, (event: MessageEvent) => {
      if (!isOpen) events.opened();
      isOpen = true;
      events.event(type, String(event.data), event.lastEventId);
    });
  }
  return () => source.close();
}

function readByClient(url: URL, plan: SubscriberPlan, events: ReaderEvents): () => void {
  const controller = new AbortController();
  const subscription = subscribe(url, {
    token: plan.token,
    lastEventId: plan.from === "earliest" ? "earliest" : undefined,
    signal: controller.signal,
    maxRetryMs: 200,
    retryMs: 20,
    retryFloorMs: 20,
    onState: (state, { reason }) => {
      if (state === "live") events.opened();
      else if (state === "reconnecting") events.lost(reason ?? "");
    },
  });
  const iterate = async (): Promise<void> => {
    for await (const { type, data } of subscription) events.event(type, data, subscription.lastEventId ?? "");
  };
  iterate().catch((error: unknown) => events.lost(`the client gave up: ${String(error)}`));
  return () => controller.abort();
}
