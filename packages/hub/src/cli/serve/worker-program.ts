import cluster from "node:cluster";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { EXIT, Failure } from "../errors.ts";
import type { PeerListener } from "../../core/journal/peers.ts";
import type { PreparedChange } from "../../hub-changes.ts";
import { createOutbox, type FromWorker, type LeaveOrder, type ToWorker } from "./ipc.ts";
import type { Plan } from "./plan.ts";
import type { Prepare } from "./reload/hang-ups.ts";
import type { WorkerLink } from "./run.ts";

/**
 * Longest wait for the primary to release the port, in milliseconds, and its time to do so after
 * the channel's end. That end wakes this process up, which may run before the primary goes on.
 */
const LET_GO_MS = { longest: 1000, after: 50 };

/** Sending fails when the primary has ended, and then Node ends this process too. */
function send(message: FromWorker, done: () => void = () => undefined): void {
  process.send?.(message, undefined, undefined, done);
}

const peerListeners = new Set<PeerListener>();
let onOrder: (order: LeaveOrder) => void = () => undefined;
let preparePlan: Prepare | undefined;
const prepared = new Map<number, PreparedChange>();

/** Prepares the primary's new plan, and reports the outcome. */
async function prepare({ change, plan }: Extract<ToWorker, { kind: "prepare" }>): Promise<void> {
  let why: string | undefined;
  try {
    if (preparePlan === undefined) throw new Error("A worker has not started yet.");
    prepared.set(change, await preparePlan(plan));
  } catch (error) {
    why = error instanceof Error ? error.message : String(error);
  }
  send({ kind: "prepared", change, why });
}

function finish({ change, isApplied }: Extract<ToWorker, { kind: "finish" }>): void {
  if (isApplied) prepared.get(change)?.apply();
  else prepared.get(change)?.abandon();
  prepared.delete(change);
}

/** @param place - Names this worker and its replacements. */
function createLink(place: string): WorkerLink {
  const post = createOutbox<Extract<FromWorker, { kind: "post" }>>(send);
  return {
    bus: {
      id: place,
      post: (text, to) => post({ kind: "post", to, text }),
      listen: (listener) => {
        peerListeners.add(listener);
        return () => void peerListeners.delete(listener);
      },
    },
    listening: (listening) => send({ kind: "listening", listening }),
    onOrder: (listener) => (onOrder = listener),
    onPlan: (listener) => (preparePlan = listener),
    letGo: async () => {
      // Without this flag, Node ends a worker that has lost its primary.
      if (cluster.worker !== undefined) cluster.worker.exitedAfterDisconnect = true;
      if (!process.connected) return;
      const disconnected = once(process, "disconnect", { signal: AbortSignal.timeout(LET_GO_MS.longest) });
      send({ kind: "leaving" });
      // A suspended primary does not answer, and is left alone.
      await disconnected.then(
        () => sleep(LET_GO_MS.after),
        () => undefined,
      );
    },
  };
}

/** Runs a server by a plan until it is told to stop. */
export type Serve = (plan: Plan, link: WorkerLink) => Promise<void>;

async function work(serve: Serve, { plan, place }: Extract<ToWorker, { kind: "start" }>): Promise<void> {
  try {
    await serve(plan, createLink(place));
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    // The primary also reports the error.
    await new Promise<void>((resolve) => send({ kind: "failed", message: error.message }, resolve));
    process.exit(EXIT.failure);
  }
  // The channel to the primary would keep this process alive.
  if (process.connected) process.disconnect();
}

/**
 * Runs this process as a worker. `runWorkers` starts it, and nothing else can.
 *
 * @param serve - Runs the server. The primary greets, once for all workers.
 */
export function runWorker(serve: Serve): void {
  process.on("message", (message: ToWorker) => {
    if (message.kind === "heard") for (const { heard } of peerListeners) heard(message.text, message.from);
    else if (message.kind === "alive") send({ kind: "alive" });
    else if (message.kind === "leave") onOrder(message.order);
    else if (message.kind === "gone") for (const { gone } of peerListeners) gone(message.place);
    else if (message.kind === "prepare") void prepare(message);
    else if (message.kind === "finish") finish(message);
    else void work(serve, message);
  });
  send({ kind: "ready" });
}
