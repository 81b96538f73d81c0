import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Random } from "../../support/random.ts";
import { Balancer } from "./balancer.ts";
import { HubServer } from "./hub-server.ts";
import type { FaultServer } from "./run.ts";

/** What hubs of a fleet keep their updates in. */
export interface Engine {
  /** For `--journal`. */
  readonly url: string;
  /** Ends it for good. */
  close(): Promise<void>;
}

/** Several hubs on one engine. A balancer spreads the subscribers over all, and the publishers if asked for; else these are at the first one. */
export class Fleet<E extends Engine = Engine> implements FaultServer {
  readonly hubs: readonly HubServer[];
  readonly engine: E;
  readonly #balancer: Balancer;
  readonly #spreadsPublishers: boolean;

  private constructor(hubs: readonly HubServer[], engine: E, balancer: Balancer, spreadsPublishers: boolean) {
    this.hubs = hubs;
    this.engine = engine;
    this.#balancer = balancer;
    this.#spreadsPublishers = spreadsPublishers;
  }

  static async create<E extends Engine>(options: {
    readonly directory: string;
    readonly engine: E;
    readonly hubs: number;
    readonly random: Random;
    readonly args?: readonly string[] | undefined;
    readonly spreadsPublishers?: boolean;
  }): Promise<Fleet<E>> {
    const { directory, engine, random, args = [], spreadsPublishers = false } = options;
    const hubs: HubServer[] = [];
    for (let i = 0; i < options.hubs; i++) {
      const own = join(directory, `hub-${i}`);
      mkdirSync(own);
      // One name for all of them: relative topics and the hub's own ones are resolved against it.
      const shared = ["--journal", engine.url, "--public-url", "http://fleet.example", ...args];
      hubs.push(await HubServer.create({ data: join(own, "data"), directory: own, args: shared }));
    }
    const balancer = await Balancer.create(
      hubs.map(({ port }) => port),
      random,
    );
    return new Fleet(hubs, engine, balancer, spreadsPublishers);
  }

  get hub(): string {
    return this.#spreadsPublishers ? this.subscribersHub : (this.hubs[0] as HubServer).hub;
  }

  get subscribersHub(): string {
    return `http://127.0.0.1:${this.#balancer.port}/events/stream`;
  }

  get runs(): boolean {
    return this.hubs.some(({ runs }) => runs);
  }

  get crashes(): number {
    return this.hubs.reduce((sum, { crashes }) => sum + crashes, 0);
  }

  /** Starts those that do not run. */
  async start(): Promise<void> {
    await Promise.all(this.hubs.filter(({ runs }) => !runs).map((hub) => hub.start()));
  }

  async kill(): Promise<void> {
    await Promise.all(this.hubs.filter(({ runs }) => runs).map((hub) => hub.kill("everything")));
    await this.#end();
  }

  async terminate(): Promise<number | NodeJS.Signals> {
    const codes = await Promise.all(this.hubs.map((hub) => hub.terminate()));
    await this.#end();
    return codes.find((code) => code !== 0) ?? 0;
  }

  complaints(): string {
    return this.hubs.map((hub) => hub.complaints()).join("\n");
  }

  async #end(): Promise<void> {
    this.#balancer.close();
    await this.engine.close();
  }
}
