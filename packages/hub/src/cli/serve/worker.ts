import cluster from "node:cluster";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { EXIT, Failure } from "../errors.ts";
import { outliveHangUp } from "../signals.ts";
import type { PeerListener } from "../../core/journal/peers.ts";
import { createOutbox, type FromWorker, type LeaveOrder, type ToWorker } from "./ipc.ts";
import type { WorkerLink } from "./run.ts";
import { servePlan } from "./serve-plan.ts";
import { removeSocketDirectory } from "./socket-directory.ts";
import { TailSignals } from "./tail-signals.ts";

// Its primary gets the same signal from a terminal's end, and goes on.
outliveHangUp();

// The program of a worker: `workers.ts` starts it, and nothing else can.

/**
 * Longest wait for the primary to let go of the port, in milliseconds; and how long it may take to do so after it was heard of: the end of the channel wakes this process up, which may
 * run before the primary goes on.
 */
const LET_GO_MS = { longest: 1000, after: 50 };

/** It fails when the primary has ended, and then Node ends this process too. */
function send(message: FromWorker, done: () => void = () => undefined): void {
  process.send?.(message, undefined, undefined, done);
}

const peerListeners = new Set<PeerListener>();
let signals: TailSignals | undefined;
let onOrder: (order: LeaveOrder) => void = () => undefined;

/**
 * @param place - Names this worker, and whoever replaces it.
 * @param tail - How it and the others tell each other that the tail moved.
 */
function createLink(place: string, tail: TailSignals): WorkerLink {
  const post = createOutbox<Extract<FromWorker, { kind: "post" }>>(send);
  return {
    channel: {
      post: () => tail.post(),
      listen: (onMoved) => tail.listen(onMoved),
      bus: {
        id: place,
        post: (text, to) => post({ kind: "post", to, text }),
        listen: (listener) => {
          peerListeners.add(listener);
          return () => void peerListeners.delete(listener);
        },
      },
    },
    listening: (listening) => send({ kind: "listening", listening }),
    onOrder: (listener) => (onOrder = listener),
    letGo: async () => {
      // Else Node ends a worker that has lost its primary.
      if (cluster.worker !== undefined) cluster.worker.exitedAfterDisconnect = true;
      if (!process.connected) return;
      const disconnected = once(process, "disconnect", { signal: AbortSignal.timeout(LET_GO_MS.longest) });
      send({ kind: "leaving" });
      // A primary that is suspended does not answer; it is left as it is.
      await disconnected.then(
        () => sleep(LET_GO_MS.after),
        () => undefined,
      );
    },
  };
}

async function work({ plan, place, sockets }: Extract<ToWorker, { kind: "start" }>): Promise<void> {
  // Where the primary was killed, there is nobody else to do it; one that let go of its primary has left it there.
  process.once("exit", () => {
    if (!process.connected && cluster.worker?.exitedAfterDisconnect !== true) removeSocketDirectory(sockets);
  });
  try {
    signals = await TailSignals.open(sockets, place);
    // The primary greets, once for all workers.
    await servePlan(plan, () => [], createLink(place, signals));
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    // And it says what is wrong.
    await new Promise<void>((resolve) => send({ kind: "failed", message: error.message }, resolve));
    process.exit(EXIT.failure);
  }
  signals.close();
  // What connects this process with its primary would keep it alive.
  if (process.connected) process.disconnect();
}

process.on("message", (message: ToWorker) => {
  if (message.kind === "heard") for (const { heard } of peerListeners) heard(message.text, message.from);
  else if (message.kind === "alive") send({ kind: "alive" });
  else if (message.kind === "leave") onOrder(message.order);
  else if (message.kind === "gone") for (const { gone } of peerListeners) gone(message.place);
  else if (message.kind === "there") signals?.meet(message.place);
  else void work(message);
});
send({ kind: "ready" });
