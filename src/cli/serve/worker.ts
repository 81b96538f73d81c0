import { EXIT, Failure } from "../errors.ts";
import type { PeerListener } from "../../core/peers.ts";
import { createOutbox, createSignal, type FromWorker, MOVED, type ToWorker } from "./ipc.ts";
import type { Plan } from "./plan.ts";
import type { WorkerLink } from "./run.ts";
import { servePlan } from "./serve-plan.ts";

// The program of a worker: `workers.ts` starts it, and nothing else can.

/** It fails when the primary has ended, and then Node ends this process too. */
function send(message: FromWorker, done: () => void = () => undefined): void {
  process.send?.(message, undefined, undefined, done);
}

const movedListeners = new Set<() => void>();
const peerListeners = new Set<PeerListener>();

/** Adds to a set. @returns Takes it out again. */
function listenIn<T>(listeners: Set<T>, listener: T): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

/** @param place - Names this worker, and whoever replaces it. */
function createLink(place: string): WorkerLink {
  const post = createOutbox<Extract<FromWorker, { kind: "post" }>>(send);
  return {
    channel: {
      post: createSignal((sent) => send(MOVED, sent)),
      listen: (onMoved) => listenIn(movedListeners, onMoved),
      bus: {
        id: place,
        post: (text, to) => post({ kind: "post", to, text }),
        listen: (listener) => listenIn(peerListeners, listener),
      },
    },
    listening: (listening) => send({ kind: "listening", listening }),
  };
}

async function work(plan: Plan, place: string): Promise<void> {
  try {
    // The primary greets, once for all workers.
    await servePlan(plan, () => [], createLink(place));
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    // And it says what is wrong.
    await new Promise<void>((resolve) => send({ kind: "failed", message: error.message }, resolve));
    process.exit(EXIT.failure);
  }
  // What connects this process with its primary would keep it alive.
  process.disconnect();
}

process.on("message", (message: ToWorker) => {
  if (message === MOVED) for (const onMoved of movedListeners) onMoved();
  else if (message.kind === "heard") for (const { heard } of peerListeners) heard(message.text, message.from);
  else if (message.kind === "gone") for (const { gone } of peerListeners) gone(message.place);
  else void work(message.plan, message.place);
});
send({ kind: "ready" });
