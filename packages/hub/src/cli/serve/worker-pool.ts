import cluster, { type Worker } from "node:cluster";
import type { Logger } from "../../index.ts";
import type { PreparedChange } from "../../hub-changes.ts";
import { Failure } from "../errors.ts";
import { createOutbox, createSignal, type FromWorker, type LeaveOrder, type ToWorker } from "./ipc.ts";
import type { Listening, Plan } from "./plan.ts";

/**
 * A worker that listened for this long was well, in milliseconds. Its replacement starts at once.
 */
const STEADY_MS = 10_000;
const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 5000;
/** Failed starts in a row, with no other worker running, after which the server gives up. */
const MOST_FAILURES = 5;

/**
 * Interval of the liveness checks of each worker, in milliseconds, and the unanswered checks after
 * which a worker is killed. A suspended worker may be the one that writes the journal, and then all
 * wait. Checks are counted rather than timed, so that sleep of the whole machine does not count.
 */
const ASK_MS = 1000;
const MOST_UNANSWERED = 10;
/** The same for a worker that does not listen yet. On a busy machine the start takes seconds. */
const MOST_UNANSWERED_AT_START = 30;

/** The place of one worker and its replacements. */
interface Post {
  /** Names the worker and its replacements to the others. */
  readonly place: string;
  /** The plan of the next worker at this place. */
  plan: Plan;
  /** The plan that the worker has, or had at its start. */
  given: Plan | undefined;
  worker: Worker | undefined;
  /** Sends the worker a message. An ended worker does not get it. */
  send: (message: ToWorker, done?: () => void) => void;
  /** Brings the worker another worker's message, which may be lost. */
  bring: (message: Brought) => void;
  listensSinceMs: number | undefined;
  /** Asks the worker for a sign of life. */
  ask: () => void;
  unanswered: number;
  /** Called with the worker's answer to a new plan, or when the worker has ended. */
  onPrepared: (why: string | undefined) => void;
  /** The worker's own reason why it could not start. */
  reason: string | undefined;
  /** Endings in quick succession, and how many of them happened at the start. */
  endings: number;
  failures: number;
  timer: ReturnType<typeof setTimeout> | undefined;
}

type Brought = Extract<ToWorker, { kind: "heard" | "gone" }>;

/**
 * The workers of a primary. The pool starts them, relays their questions, replaces ended workers,
 * and stops them all.
 */
export class WorkerPool {
  /** Rejects with a Failure when no worker is left and none can be started. */
  readonly failed: Promise<never>;
  readonly #posts: readonly Post[];
  readonly #logger: Logger;
  readonly #started: Promise<Listening>;
  #onStarted: (listening: Listening) => void = () => undefined;
  #fail: (error: Failure) => void = () => undefined;
  #onEmpty: () => void = () => undefined;
  #asking: ReturnType<typeof setInterval> | undefined;
  #hasStarted = false;
  #isLame = false;
  #isStopping = false;
  /** Number of the latest change of the plans. */
  #change = 0;
  #allWell = true;

  /** @param plans - One plan for each worker. */
  constructor(plans: readonly Plan[], logger: Logger) {
    this.#logger = logger;
    this.#posts = plans.map((plan, index) => ({
      place: String(index),
      plan,
      given: undefined,
      worker: undefined,
      send: () => undefined,
      bring: () => undefined,
      listensSinceMs: undefined,
      ask: () => undefined,
      unanswered: 0,
      onPrepared: () => undefined,
      reason: undefined,
      endings: 0,
      failures: 0,
      timer: undefined,
    }));
    this.#started = new Promise((resolve) => (this.#onStarted = resolve));
    this.failed = new Promise((_, reject) => (this.#fail = reject));
    this.failed.catch(() => undefined);
  }

  /**
   * Starts all workers. Resolves when each listens.
   *
   * @throws Failure when a worker ended before.
   */
  async start(): Promise<Listening> {
    for (const post of this.#posts) this.#fork(post);
    const listening = await Promise.race([this.#started, this.failed]);
    this.#hasStarted = true;
    this.#asking = setInterval(() => this.#askAll(), ASK_MS);
    return listening;
  }

  /** Makes all workers and their replacements report not ready. They keep serving. */
  becomeLame(): void {
    this.#isLame = true;
    for (const post of this.#posts) if (post.listensSinceMs !== undefined) this.#order(post, "lame");
  }

  /**
   * Prepares new plans in all workers. A worker that ends meanwhile is replaced by one with the plan
   * that holds then. A worker that hangs is killed by the checks for a sign of life.
   *
   * @param plans - One plan for each worker.
   * @throws Failure with a worker's reason if it can't take its plan over. No worker has changed
   *   then.
   */
  async prepare(plans: readonly Plan[]): Promise<PreparedChange> {
    const change = ++this.#change;
    const next = new Map(this.#posts.map((post, index) => [post, plans[index] ?? post.plan]));
    const asked = new Map(this.#posts.flatMap((post) => (post.listensSinceMs === undefined ? [] : [[post, post.worker] as const])));
    const finish = (isApplied: boolean): void => {
      for (const post of asked.keys()) post.send({ kind: "finish", change, isApplied });
    };
    const answers = await Promise.all([...asked.keys()].map((post) => this.#ask(post, change, next.get(post) ?? post.plan)));
    const why = answers.find((answer) => answer !== undefined);
    if (why !== undefined) {
      finish(false);
      throw new Failure(why);
    }
    return {
      apply: () => {
        finish(true);
        for (const [post, plan] of next) {
          post.plan = plan;
          // A worker that was replaced meanwhile has the earlier plan.
          if (asked.has(post) && asked.get(post) === post.worker) post.given = plan;
        }
        for (const post of this.#posts) this.#bringUpToDate(post);
      },
      abandon: () => finish(false),
    };
  }

  /**
   * Makes all workers drain, and waits until they have ended.
   *
   * @param boundMs - Remaining workers are killed after this time, in milliseconds.
   * @returns Whether each worker ended in order.
   */
  async stop(boundMs: number): Promise<boolean> {
    this.#isStopping = true;
    clearInterval(this.#asking);
    const emptied = new Promise<void>((resolve) => (this.#onEmpty = resolve));
    for (const post of this.#posts) {
      clearTimeout(post.timer);
      // A worker that does not listen yet knows no orders.
      if (post.listensSinceMs === undefined) post.worker?.process.kill("SIGTERM");
      else this.#order(post, "drain");
    }
    this.#checkEmpty();
    const killAll = (): void => {
      for (const { worker } of this.#posts) worker?.process.kill("SIGKILL");
    };
    // Draining workers are disconnected, so the end of this process would not end them.
    process.once("exit", killAll);
    const watchdog = setTimeout(killAll, boundMs);
    await emptied;
    process.off("exit", killAll);
    clearTimeout(watchdog);
    return this.#allWell;
  }

  #fork(post: Post): void {
    const worker = cluster.fork();
    const send = (message: ToWorker, done: () => void = () => undefined): void => {
      // Sending fails when the worker has ended, which is reported elsewhere.
      if (worker.isConnected()) worker.process.send(message, undefined, undefined, done);
    };
    post.worker = worker;
    post.send = send;
    post.listensSinceMs = undefined;
    post.reason = undefined;
    post.unanswered = 0;
    post.ask = createSignal((sent) => send({ kind: "alive" }, sent));
    post.bring = createOutbox<Brought>(send);
    worker.on("error", (error) => {
      // Without a process, there is no `exit` event.
      if (worker.process.pid === undefined) this.#ended(post, worker, `it could not be started (${error.message})`);
      else this.#logger.warn({ err: error, worker: worker.process.pid }, "a worker could not be reached");
    });
    worker.on("message", (message: FromWorker) => {
      if (message.kind === "ready") {
        post.given = post.plan;
        send({ kind: "start", plan: post.plan, place: post.place });
      } else if (message.kind === "prepared") post.onPrepared(message.why);
      else if (message.kind === "post") this.#passOn(message, post);
      else if (message.kind === "alive") post.unanswered = 0;
      // Node releases the port of a disconnected worker.
      else if (message.kind === "leaving") worker.process.disconnect();
      else if (message.kind === "failed") post.reason = message.message;
      else this.#listens(post, message.listening);
    });
    // Typed as a number and a text, but each is null if the other is not.
    worker.once("exit", (code: number | null, signal: string | null) => {
      // A worker that does not listen yet has nothing to put in order. It may not handle signals
      // yet, or could not start.
      const isNew = post.listensSinceMs === undefined;
      if (code !== 0 && !isNew && this.#isStopping) this.#allWell = false;
      const ended = (): void => this.#ended(post, worker, signal === null ? `it ended with code ${code}` : `${signal} ended it`);
      // The worker's last message may still be on its way.
      if (worker.isConnected()) worker.once("disconnect", ended);
      else ended();
    });
  }

  /** @returns Why the worker can't take the plan over. Undefined if it can, or has ended. */
  #ask(post: Post, change: number, plan: Plan): Promise<string | undefined> {
    return new Promise((resolve) => {
      post.onPrepared = resolve;
      // A worker that drains by itself takes nothing over.
      if (post.worker?.isConnected() !== true) resolve(undefined);
      post.send({ kind: "prepare", change, plan });
    });
  }

  /** Gives a worker that began with an earlier plan the present one. */
  #bringUpToDate(post: Post): void {
    const { plan, worker } = post;
    if (post.listensSinceMs === undefined || post.given === plan) return;
    const change = ++this.#change;
    post.given = plan;
    const ask = async (): Promise<void> => {
      const why = await this.#ask(post, change, plan);
      if (post.worker !== worker) return;
      post.send({ kind: "finish", change, isApplied: why === undefined });
      // Its replacement begins with the plan.
      if (why !== undefined) worker?.process.kill("SIGTERM");
    };
    void ask();
  }

  #order(post: Post, order: LeaveOrder): void {
    post.send({ kind: "leave", order });
  }

  #askAll(): void {
    for (const post of this.#posts) {
      const { worker, listensSinceMs, unanswered } = post;
      // A draining worker has a bound of its own.
      if (worker === undefined || !worker.isConnected()) continue;
      const most = listensSinceMs === undefined ? MOST_UNANSWERED_AT_START : MOST_UNANSWERED;
      if (unanswered >= most) {
        post.reason = `it gave no sign of life for ${(most * ASK_MS) / 1000} s, and was killed`;
        worker.process.kill("SIGKILL");
        continue;
      }
      post.unanswered++;
      post.ask();
    }
  }

  #passOn({ text, to }: Extract<FromWorker, { kind: "post" }>, from: Post): void {
    for (const post of this.#posts) {
      if (post !== from && (to === undefined || to === post.place)) post.bring({ kind: "heard", from: from.place, text });
    }
  }

  #listens(post: Post, listening: Listening): void {
    post.listensSinceMs = performance.now();
    post.failures = 0;
    if (this.#isLame) this.#order(post, "lame");
    this.#bringUpToDate(post);
    if (this.#hasStarted) this.#logger.info({ worker: post.worker?.process.pid }, "a worker listens");
    else if (this.#posts.every(({ listensSinceMs }) => listensSinceMs !== undefined)) this.#onStarted(listening);
  }

  #ended(post: Post, worker: Worker, how: string): void {
    const { listensSinceMs } = post;
    post.worker = undefined;
    post.listensSinceMs = undefined;
    post.onPrepared(undefined);
    for (const other of this.#posts) if (other !== post) other.bring({ kind: "gone", place: post.place });
    if (this.#isStopping) {
      this.#checkEmpty();
      return;
    }
    if (!this.#hasStarted) {
      this.#fail(new Failure(post.reason ?? `A worker did not start: ${how}.`));
      return;
    }
    if (listensSinceMs === undefined) post.failures++;
    else if (performance.now() - listensSinceMs >= STEADY_MS) post.endings = 0;
    const isAlone = this.#posts.every((other) => other.listensSinceMs === undefined);
    if (isAlone && post.failures >= MOST_FAILURES) {
      this.#fail(new Failure(`No worker can be started any more: ${post.reason ?? `${how}.`}`));
      return;
    }
    const delayMs = post.endings === 0 ? 0 : Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (post.endings - 1));
    post.endings++;
    this.#logger.error({ worker: worker.process.pid, why: post.reason ?? how, delayMs }, "a worker ended; another takes its place");
    post.timer = setTimeout(() => this.#fork(post), delayMs);
  }

  #checkEmpty(): void {
    if (this.#posts.every(({ worker }) => worker === undefined)) this.#onEmpty();
  }
}
