import { connectTopics, type LiveTopics } from "artesian-client";
import type { Connection } from "artesian-ui/connection-badge.tsx";
import { PAGE_OPTIONS, watchConnection } from "artesian-ui/live-connection.ts";
import { type About, type History, type Sample, sampleOf, STATS_TOPIC, STATS_TYPE, type StatsData } from "../server/wire.ts";
import type { ConsoleApi } from "./api.ts";
import { mergeSamples } from "./samples.ts";

/** Silence of a process after which another's figures are taken, in milliseconds. */
const SILENT_MS = 5000;

export interface StatsView {
  readonly samples: readonly Sample[];
  readonly connection: Connection;
  /** When the last sample arrived, in milliseconds since 1970 by this machine's clock. */
  readonly heardAt: number;
}

/** The hub's live figures, and those of the last minutes. */
export class StatsStore {
  readonly #api: ConsoleApi;
  readonly #onChange: (view: StatsView) => void;
  readonly #live: LiveTopics;
  /** The process whose figures are shown. Undefined until the stream has brought the first. */
  #process: string | undefined;
  /** The history, until its process is confirmed. Another process may have answered. */
  #history: History | undefined;
  #view: StatsView = { samples: [], connection: { state: "connecting" }, heardAt: Date.now() };
  #isClosed = false;

  constructor(options: { api: ConsoleApi; about: About; onChange: (view: StatsView) => void; onRefused: () => void }) {
    const { api, about } = options;
    this.#api = api;
    this.#onChange = options.onChange;
    this.#live = connectTopics("/events/stream", {
      ...PAGE_OPTIONS,
      token: api.token ?? (() => api.statsToken()),
      renewUrl: new URL(about.hub).pathname,
    });
    this.#live.topic(STATS_TOPIC).on(STATS_TYPE, ({ data }) => this.#take(JSON.parse(data) as StatsData));
    watchConnection(this.#live, (connection) => {
      const wasLive = this.#view.connection.state === "live";
      this.#change({ connection });
      if (connection.state === "live" && !wasLive) {
        this.#process = undefined;
        // The stream has the coming figures. The server remembers the past ones.
        void this.#remember();
      }
      if (connection.state === "refused") options.onRefused();
    });
  }

  close(): void {
    this.#isClosed = true;
    this.#live.close();
  }

  #take(data: StatsData): void {
    const isOther = this.#process !== undefined && this.#process !== data.process;
    if (isOther && Date.now() - this.#view.heardAt < SILENT_MS) return;
    this.#process = data.process;
    this.#change({ samples: mergeSamples(this.#view.samples, [data]), heardAt: Date.now() });
    this.#recall();
  }

  async #remember(): Promise<void> {
    try {
      this.#history = await this.#api.history();
      this.#recall();
    } catch {
      // The charts fill by themselves. The stream reports a refusal.
    }
  }

  #recall(): void {
    const history = this.#history;
    if (history === undefined || this.#process === undefined) return;
    this.#history = undefined;
    if (history.process !== this.#process) return;
    this.#change({ samples: mergeSamples(this.#view.samples, history.samples.map(sampleOf)) });
  }

  #change(change: Partial<StatsView>): void {
    if (this.#isClosed) return;
    this.#view = { ...this.#view, ...change };
    this.#onChange(this.#view);
  }
}
