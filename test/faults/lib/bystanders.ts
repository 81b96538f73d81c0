import { existsSync, mkdirSync, mkdtempSync, readFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { nowMs, sleep, until } from "./clock.ts";
import { HubServer, type HubServerOptions } from "./hub-server.ts";
import { NumberedFlow } from "./numbered.ts";
import { RawReaders } from "./raw-reader-process.ts";
import { mint } from "./tokens.ts";

const NEWCOMER_EVERY_MS = 250;
const ANSWER_MS = 20_000;
const CATCH_UP_MS = 60_000;
/** Updates a second, in batches, each batch with one of a topic that is new. */
const PER_SECOND = 500;
const PER_BATCH = 10;
const READERS = 100;

/** Figures of a time under one load. */
export interface Measured {
  readonly p99Ms: number;
  /** Longest time that the event loop was held up. */
  readonly longestMs: number;
  /** How long each newcomer took. Infinity for a newcomer that was not served. */
  readonly newcomersMs: readonly number[];
}

/** A server in another process, with the load of peers that must not notice an attack: they read, publish and come. */
export class Bystanders {
  readonly server: HubServer;
  readonly #file: string;
  readonly #token: string;
  readonly #flow: NumberedFlow;
  #readers: RawReaders | undefined;
  #topics = 0;

  private constructor(server: HubServer, file: string, token: string) {
    this.server = server;
    this.#file = file;
    this.#token = token;
    this.#flow = new NumberedFlow(server.hub, token);
  }

  /** Starts the server in a directory below `directory`. */
  static async start(directory: string, options: Pick<HubServerOptions, "args" | "prefix" | "main">): Promise<Bystanders> {
    const own = mkdtempSync(join(directory, "server-"));
    const data = join(own, "data");
    mkdirSync(data);
    const file = join(own, "attacked.json");
    const env = { NODE_OPTIONS: `--import=${new URL("attacked.mjs", import.meta.url).href}`, FAULTS_ATTACKED: file };
    const server = await HubServer.create({ data, directory: own, env, ...options });
    await server.start();
    return new Bystanders(server, file, await mint({ publish: ["*"] }));
  }

  /** The counts of the readers. */
  get said(): RawReaders["said"] {
    if (this.#readers === undefined) throw new Error("There are no readers yet.");
    return this.#readers.said;
  }

  /** Publishes updates that nobody reads. */
  fill(updates: number): Promise<void> {
    return this.#flow.run({ topic: "old", updates, perBatch: 500, everyMs: 0, size: 100 });
  }

  async openReaders(): Promise<void> {
    this.#readers = new RawReaders(`${this.server.hub}?match=flow`, READERS);
    await this.#readers.opening();
  }

  publish(seconds: number): Promise<void> {
    return this.#flow.run({
      topic: "flow",
      updates: seconds * PER_SECOND,
      perBatch: PER_BATCH,
      everyMs: (1000 * PER_BATCH) / PER_SECOND,
      size: 100,
      // New to the hub: it has to be tested on all patterns.
      tick: () => `/${this.#topics++}/new`,
    });
  }

  async measure(seconds: number): Promise<Measured> {
    this.#readers?.measure();
    await this.#longestBlockMs();
    let isOver = false;
    const newcomers = this.#receiveNewcomers(() => isOver);
    await this.publish(seconds);
    await this.#readers?.reach(this.#flow.next.get("flow") ?? 0, CATCH_UP_MS);
    isOver = true;
    const newcomersMs = await newcomers;
    return { p99Ms: this.said.p99Ms, longestMs: await this.#longestBlockMs(), newcomersMs };
  }

  async end(): Promise<void> {
    await this.#readers?.end();
    this.#flow.close();
    if (this.server.runs) await this.server.terminate();
  }

  /** Asks how long the event loop was held up at the most since it was last asked. */
  async #longestBlockMs(): Promise<number> {
    const read = (): { readonly asked: number; readonly longestMs: number } | undefined =>
      existsSync(this.#file) ? (JSON.parse(readFileSync(this.#file, "utf8")) as { asked: number; longestMs: number }) : undefined;
    const before = read()?.asked ?? 0;
    process.kill(this.server.pid, "SIGUSR2");
    await until(ANSWER_MS, "How long the event loop was held up", () => (read()?.asked ?? 0) > before);
    return read()?.longestMs ?? NaN;
  }

  /** One newcomer after the other publishes and subscribes. */
  async #receiveNewcomers(isOver: () => boolean): Promise<readonly number[]> {
    const { hub } = this.server;
    const took: number[] = [];
    for (let n = 1; !isOver(); n++) {
      const beganMs = nowMs();
      const localAddress = `127.0.2.${(n % 250) + 1}`;
      const headers = { authorization: `Bearer ${this.#token}`, "content-type": "application/x-www-form-urlencoded" };
      const statuses = [
        await statusOf(hub, { method: "POST", headers, localAddress }, "topic=newcomer"),
        await statusOf(`${hub}?match=a`, { localAddress }),
      ];
      took.push(statuses.every((status) => status === 200) ? nowMs() - beganMs : Infinity);
      await sleep(NEWCOMER_EVERY_MS);
    }
    return took;
  }
}

function statusOf(
  url: string,
  options: { readonly method?: string; readonly headers?: Record<string, string>; readonly localAddress: string },
  body = "",
): Promise<number | undefined> {
  return new Promise((resolve) => {
    const asked = request(url, { ...options, agent: false, timeout: ANSWER_MS }, ({ statusCode }) => {
      resolve(statusCode);
      asked.destroy();
    });
    asked.once("timeout", () => asked.destroy());
    asked.on("error", () => resolve(undefined));
    asked.end(body);
  });
}
