import type { Connection } from "./connection-badge.tsx";

export interface LiveSourceOptions {
  /** The stream's address, to be opened after this event id. */
  readonly url: (lastEventId: string) => string;
  /** Where to begin. */
  readonly lastEventId: string;
  /** The event types to listen for; `EventSource` shows no others. */
  readonly types: readonly string[];
  readonly onEvent: (type: string, data: string) => void;
  readonly onConnection: (connection: Connection) => void;
}

/** Delays before a new `EventSource` is made after one gave up, in milliseconds. */
const BACKOFF_MS = { min: 1000, max: 15_000 };

/** Ticks this far apart mean that the machine slept, in milliseconds; tabs in the background tick once a minute. */
const SLEPT_MS = 150_000;
const TICK_MS = 20_000;

/**
 * A native `EventSource` that does not give up. The browser reconnects by itself when a stream breaks, but stops for
 * good when the answer is not a stream, such as a proxy's 502 while the server restarts; and it does not notice that
 * the machine slept. Either way a new one goes on from the last event id, so nothing is lost or repeated.
 */
export class LiveSource {
  readonly #options: LiveSourceOptions;
  #source: EventSource | undefined;
  #lastEventId: string;
  #lostAt: number | undefined;
  #delayMs = BACKOFF_MS.min;
  #retry: ReturnType<typeof setTimeout> | undefined;
  readonly #ticker: ReturnType<typeof setInterval>;
  #tickedAt = Date.now();

  constructor(options: LiveSourceOptions) {
    this.#options = options;
    this.#lastEventId = options.lastEventId;
    addEventListener("online", this.#onOnline);
    addEventListener("offline", this.#onOffline);
    this.#ticker = setInterval(() => this.#tick(), TICK_MS);
    this.#connect();
    this.#tell(navigator.onLine ? "connecting" : "offline");
  }

  /** The id of the last event that came, which a next source may begin after. */
  get lastEventId(): string {
    return this.#lastEventId;
  }

  close(): void {
    removeEventListener("online", this.#onOnline);
    removeEventListener("offline", this.#onOffline);
    clearInterval(this.#ticker);
    this.#disconnect();
  }

  #connect(): void {
    this.#disconnect();
    const source = new EventSource(this.#options.url(this.#lastEventId));
    this.#source = source;
    source.addEventListener("open", () => {
      this.#lostAt = undefined;
      this.#delayMs = BACKOFF_MS.min;
      this.#tell("live");
    });
    source.addEventListener("error", () => this.#onError(source));
    source.addEventListener("hub:cursor", (event) => this.#moveTo(event));
    // The server is leaving and has said when to come back; the browser does so by itself.
    source.addEventListener("hub:drain", () => this.#lost());
    for (const type of this.#options.types) {
      source.addEventListener(type, (event) => {
        this.#moveTo(event);
        this.#options.onEvent(type, String(event.data));
      });
    }
  }

  #disconnect(): void {
    clearTimeout(this.#retry);
    this.#source?.close();
    this.#source = undefined;
  }

  #moveTo(event: MessageEvent): void {
    if (event.lastEventId !== "") this.#lastEventId = event.lastEventId;
  }

  #onError(source: EventSource): void {
    this.#lost();
    if (source.readyState !== EventSource.CLOSED) return;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.#connect(), this.#delayMs * (0.75 + Math.random() / 2));
    this.#delayMs = Math.min(BACKOFF_MS.max, this.#delayMs * 2);
  }

  #lost(): void {
    this.#lostAt ??= Date.now();
    this.#tell(navigator.onLine ? "reconnecting" : "offline");
  }

  readonly #onOnline = (): void => {
    this.#lost();
    this.#connect();
  };

  readonly #onOffline = (): void => this.#lost();

  #tick(): void {
    const now = Date.now();
    const slept = now - this.#tickedAt > SLEPT_MS;
    this.#tickedAt = now;
    if (slept) this.#onOnline();
  }

  #tell(state: Connection["state"]): void {
    this.#options.onConnection({ state, since: this.#lostAt });
  }
}
