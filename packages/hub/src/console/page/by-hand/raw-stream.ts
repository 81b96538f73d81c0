import { ClientError, subscribe } from "artesian-client";
import { createParser } from "eventsource-parser";
import { toWellFormed } from "artesian-ui/stand-ins.ts";
import { sentenceOf } from "../api.ts";
import { watchHiddenTab } from "./hidden-tab.ts";
import { byHandTexts } from "./texts.ts";

/** One entry of a stream, or an event in the stream's own life. */
export interface Entry {
  readonly number: number;
  readonly at: number;
  /**
   * `event`: a publisher's event. `hub`: the hub's own event. `line`: a comment or a reconnection
   * time. `note`: an event in the stream's own life.
   */
  readonly kind: "event" | "hub" | "line" | "note";
  readonly type: string;
  readonly id: string | undefined;
  /** The data, or a note in the language of the moment. */
  readonly data: string | (() => string);
}

export type RawState = "opening" | "open" | "reconnecting" | "resting" | "closed" | "refused";

export interface RawStreamOptions {
  readonly url: string;
  readonly token: string | undefined;
  /** The event id to begin after. Empty for future updates alone. */
  readonly lastEventId: string;
  readonly onView: (view: RawView) => void;
}

export interface RawView {
  readonly state: RawState;
  readonly problem: (() => string) | undefined;
  /** The newest first, at most {@link MAX_ENTRIES}. */
  readonly entries: readonly Entry[];
  /** Number of updates in all. */
  readonly updates: number;
}

const MAX_ENTRIES = 200;
/** Longest data of one event, in characters. */
const MAX_DATA = 4000;
/**
 * Interval of drawing, in milliseconds, because thousands of events a second must not be drawn
 * singly.
 */
const DRAW_MS = 100;

/**
 * A stream as it is on the wire, including the parts that the client normally keeps for itself. The
 * client still carries the stream and resumes after a break. The events are read off the passing
 * bytes.
 */
export class RawStream {
  readonly #options: RawStreamOptions;
  readonly #stopWatching: () => void;
  #controller = new AbortController();
  #lastEventId: string;
  #entries: Entry[] = [];
  #state: RawState = "opening";
  #problem: (() => string) | undefined;
  #count = 0;
  #updates = 0;
  #drawing: ReturnType<typeof setTimeout> | undefined;

  constructor(options: RawStreamOptions) {
    this.#options = options;
    this.#lastEventId = options.lastEventId;
    this.#stopWatching = watchHiddenTab(
      () => this.#rest(),
      () => this.#resume(),
    );
    void this.#follow();
  }

  close(): void {
    this.#stopWatching();
    this.#controller.abort();
    clearTimeout(this.#drawing);
    this.#state = "closed";
    this.#draw();
  }

  #rest(): void {
    if (this.#state === "closed" || this.#state === "refused") return;
    this.#controller.abort();
    this.#state = "resting";
    this.#add("note", "closed", () => byHandTexts().raw.resting);
    this.#draw();
  }

  #resume(): void {
    if (this.#state !== "resting") return;
    this.#state = "opening";
    this.#controller = new AbortController();
    this.#draw();
    void this.#follow();
  }

  async #follow(): Promise<void> {
    const { url, token } = this.#options;
    const { signal } = this.#controller;
    try {
      const updates = subscribe(url, {
        token,
        lastEventId: this.#lastEventId,
        signal,
        fetch: (input, init) => this.#tap(input, init),
        onState: (state, { reason, delayMs }) => {
          if (signal.aborted || state === "closed") return;
          if (state === "reconnecting")
            this.#add("note", "lost", () => byHandTexts().raw.lost(reason ?? "", ((delayMs ?? 0) / 1000).toFixed(1)));
          this.#state = state === "live" ? "open" : state === "connecting" ? "opening" : "reconnecting";
          this.#draw();
        },
      });
      try {
        for await (const _ of updates);
      } finally {
        this.#lastEventId = updates.lastEventId ?? this.#lastEventId;
      }
    } catch (error) {
      if (signal.aborted) return;
      this.#state = "refused";
      this.#problem = () => (error instanceof ClientError || error instanceof TypeError ? sentenceOf(error) : byHandTexts().raw.failed);
      this.#draw();
    }
  }

  async #tap(input: RequestInfo | URL, init: RequestInit | undefined): Promise<Response> {
    const response = await fetch(input, init);
    if (!response.ok || response.body === null) return response;
    const start = response.headers.get("Mercure-Last-Event-ID");
    this.#add("note", "opened", () => (start === null ? byHandTexts().raw.beginsNow : byHandTexts().raw.goesOn(start)));
    const decoder = new TextDecoder();
    const parser = createParser({
      onEvent: ({ id, event = "message", data }) => {
        const isHub = event.startsWith("hub:");
        if (!isHub) this.#updates += 1;
        this.#add(isHub ? "hub" : "event", event, data, id);
      },
      onRetry: (ms) => this.#add("line", "retry", String(ms)),
      onComment: (text) => this.#add("line", "comment", text === "" ? () => byHandTexts().raw.heartbeat : text),
    });
    const tap = new TransformStream<Uint8Array, Uint8Array>({
      transform: (bytes, controller) => {
        parser.feed(decoder.decode(bytes, { stream: true }));
        controller.enqueue(bytes);
      },
    });
    return new Response(response.body.pipeThrough(tap), { status: response.status, headers: response.headers });
  }

  #add(kind: Entry["kind"], type: string, data: string | (() => string), id?: string): void {
    this.#count += 1;
    const shown = typeof data === "string" && data.length > MAX_DATA ? `${toWellFormed(data.slice(0, MAX_DATA))} …` : data;
    this.#entries.unshift({ number: this.#count, at: Date.now(), kind, type, id, data: shown });
    if (this.#entries.length > MAX_ENTRIES) this.#entries.length = MAX_ENTRIES;
    this.#drawing ??= setTimeout(() => this.#draw(), DRAW_MS);
  }

  #draw(): void {
    clearTimeout(this.#drawing);
    this.#drawing = undefined;
    this.#options.onView({ state: this.#state, problem: this.#problem, entries: [...this.#entries], updates: this.#updates });
  }
}
