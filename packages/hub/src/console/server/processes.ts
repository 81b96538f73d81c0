import { hostname } from "node:os";
import process from "node:process";
import type { Hub } from "../../index.ts";
import { partsOf } from "../../create-hub.ts";
import type { FleetProcess, ProcessesPage } from "./wire.ts";

/** Name of the request for another process's description. */
const PROCESS = "console/process";

/** The processes of the hub, each with the name of its machine and its process id. */
export class Processes {
  readonly #hub: Hub;
  readonly #stopAnswering: () => void;

  constructor(hub: Hub) {
    this.#hub = hub;
    this.#stopAnswering = partsOf(hub).peers.answer(PROCESS, () => this.#own());
  }

  async read(): Promise<ProcessesPage> {
    const { answers, silent } = await partsOf(this.#hub).peers.ask(PROCESS, null);
    const all = [this.#own(), ...answers.map(({ value }) => value as FleetProcess)];
    return { answeredBy: partsOf(this.#hub).peers.id, processes: all.toSorted((a, b) => (a.id < b.id ? -1 : 1)), silent };
  }

  close(): void {
    this.#stopAnswering();
  }

  #own(): FleetProcess {
    const { subscribers, lagging, published, delivered, heldBytes } = this.#hub.stats();
    return {
      id: partsOf(this.#hub).peers.id,
      host: hostname(),
      pid: process.pid,
      upMs: Math.round(process.uptime() * 1000),
      memoryBytes: process.memoryUsage.rss(),
      subscribers,
      behind: lagging,
      published,
      delivered,
      heldBytes,
    };
  }
}
