import { EXIT, Failure } from "../errors.ts";
import { createSignal, type FromWorker, MOVED, type ToWorker } from "./ipc.ts";
import type { Plan } from "./plan.ts";
import type { WorkerLink } from "./run.ts";
import { servePlan } from "./serve-plan.ts";

// The program of a worker: `workers.ts` starts it, and nothing else can.

/** It fails when the primary has ended, and then Node ends this process too. */
function send(message: FromWorker, done: () => void = () => undefined): void {
  process.send?.(message, undefined, undefined, done);
}

const movedListeners = new Set<() => void>();

const link: WorkerLink = {
  channel: {
    post: createSignal((sent) => send(MOVED, sent)),
    listen: (onMoved) => {
      movedListeners.add(onMoved);
      return () => void movedListeners.delete(onMoved);
    },
  },
  listening: (listening) => send({ kind: "listening", listening }),
};

async function work(plan: Plan): Promise<void> {
  try {
    // The primary greets, once for all workers.
    await servePlan(plan, () => [], link);
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
  else void work(message.plan);
});
send({ kind: "ready" });
