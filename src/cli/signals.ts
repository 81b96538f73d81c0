import { EXIT } from "./errors.ts";

/**
 * Two interrupts closer than this are one Ctrl-C: the terminal sends it to the whole process group, and `npm start`
 * forwards it to the command once more.
 */
const SAME_INTERRUPT_MS = 300;

/**
 * Calls back once, at the first request to stop. A second Ctrl-C ends the process at once.
 *
 * @returns Gives the signals back to the process.
 */
export function onStop(stop: (signal: NodeJS.Signals) => void): () => void {
  let stoppedAtMs: number | undefined;
  const handle = (signal: NodeJS.Signals): void => {
    const now = performance.now();
    if (stoppedAtMs === undefined) {
      stoppedAtMs = now;
      stop(signal);
    } else if (signal === "SIGINT" && now - stoppedAtMs > SAME_INTERRUPT_MS) {
      process.exit(EXIT.interrupted);
    }
  };
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.on(signal, handle);
  return () => {
    for (const signal of signals) process.off(signal, handle);
  };
}
