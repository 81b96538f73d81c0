import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { atEnd, signalAll } from "./cleanup.ts";
import { until, within } from "./clock.ts";
import type {
  FromPublisher,
  FromSubscribers,
  PublisherConfig,
  SubscriberPlan,
  SubscribersConfig,
  ToPublisher,
  ToSubscribers,
} from "./plan.ts";

const LOADER = new URL("../typescript.mjs", import.meta.url).href;

/** A program of the harness, in a process of its own. */
export interface Program<To, From> {
  readonly pid: number;
  /** What it said last. */
  readonly said: From | undefined;
  readonly ended: Promise<unknown>;
  readonly runs: boolean;
  tell(message: To): void;
  /** Ends it at once, where it still runs. */
  kill(): void;
}

export function startProgram<To extends object, From>(file: string, first: To): Program<To, From> {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), { execArgv: ["--import", LOADER], serialization: "advanced" });
  const { pid } = child;
  if (pid === undefined) throw new Error(`${file} could not be started.`);
  const forget = atEnd(() => signalAll([pid], "SIGKILL"));
  let said: From | undefined;
  let runs = true;
  child.on("message", (message) => (said = message as From));
  const ended = once(child, "exit").then((how) => {
    runs = false;
    forget();
    return how;
  });
  // What is told to one that has ended is noticed by whoever waits for it.
  const tell = (message: To): void => void (child.connected && child.send(message, () => undefined));
  tell(first);
  return {
    pid,
    ended,
    tell,
    kill: () => void (runs && signalAll([pid], "SIGKILL")),
    get said() {
      return said;
    },
    get runs() {
      return runs;
    },
  };
}

/** Waits until a program says something. @throws Error when it ends before, or takes longer. */
export async function heard<From>(program: Program<never, From>, ms: number, what: string, holds: (said: From) => boolean): Promise<void> {
  await until(ms, what, () => {
    if (program.said !== undefined && holds(program.said)) return true;
    if (!program.runs) throw new Error(`${what}: the program has ended.`);
    return false;
  });
}

const START_MS = 20_000;

/** A process full of publishers. */
export class PublisherProcess {
  readonly #program: Program<ToPublisher, FromPublisher>;

  constructor(config: PublisherConfig) {
    this.#program = startProgram("publisher.ts", { kind: "start", config });
  }

  get pid(): number {
    return this.#program.pid;
  }

  kill(): void {
    this.#program.kill();
  }

  get acknowledged(): number {
    return this.#program.said?.acknowledged ?? 0;
  }

  get unknown(): number {
    return this.#program.said?.unknown ?? 0;
  }

  get failed(): number {
    return this.#program.said?.failed ?? 0;
  }

  /** Waits until so many are acknowledged, from the start on. */
  reach(acknowledged: number, ms: number): Promise<void> {
    return heard(this.#program, ms, `${acknowledged} acknowledged updates`, (said) => said.acknowledged >= acknowledged);
  }

  /** Lets each lane finish what it sends, and waits for the log to be complete. */
  async stop(ms: number): Promise<void> {
    this.#program.tell({ kind: "stop" });
    await within(ms, "Stopping the publishers", this.#program.ended);
    if (this.#program.said?.done !== true) throw new Error("The publishers ended before their time.");
  }
}

/** A process full of subscribers. */
export class SubscriberProcess {
  readonly #program: Program<ToSubscribers, FromSubscribers>;
  readonly plans: SubscriberPlan[] = [];

  constructor(config: SubscribersConfig) {
    this.#program = startProgram("subscribers.ts", { kind: "start", config });
  }

  get pid(): number {
    return this.#program.pid;
  }

  kill(): void {
    this.#program.kill();
  }

  get received(): number {
    return this.#program.said?.received ?? 0;
  }

  get finished(): number {
    return this.#program.said?.finished ?? 0;
  }

  /** Streams that are open now. */
  get opened(): number {
    return this.#program.said?.opened ?? 0;
  }

  open(plans: readonly SubscriberPlan[]): void {
    this.plans.push(...plans);
    this.#program.tell({ kind: "open", plans });
  }

  /** Waits until so many streams are open at a time. */
  async opening(count: number, ms: number = START_MS): Promise<void> {
    await heard(this.#program, ms, `${count} open streams`, (said) => said.opened >= count);
  }

  /** Waits until all have received the last update. @returns Whether they have. */
  async finish(ms: number): Promise<boolean> {
    try {
      await heard(this.#program, ms, "All subscribers at the end", (said) => said.finished >= this.plans.length);
      return true;
    } catch {
      return false;
    } finally {
      this.#program.tell({ kind: "stop" });
      await within(START_MS, "Stopping the subscribers", this.#program.ended);
    }
  }
}
