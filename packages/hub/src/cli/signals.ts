import { EXIT } from "./errors.ts";

/**
 * Two interrupts within this time are one Ctrl-C, in milliseconds. The terminal sends the signal to
 * the whole process group, and `npm start` forwards it to the command once more.
 */
const SAME_INTERRUPT_MS = 300;

const INTERRUPTS = ["SIGINT", "SIGTERM"] as const;
const INTERRUPTS_OF_TERMINAL = [...INTERRUPTS, "SIGHUP"] as const;

let hungUp = false;

/**
 * Keeps SIGHUP from ending the process, and remembers the signal. Service managers and log rotation
 * send SIGHUP to have settings read again. Call this before any slow step.
 */
export function outliveHangUp(): void {
  process.on("SIGHUP", () => (hungUp = true));
}

/** Whether SIGHUP came since {@link outliveHangUp}. */
export function hasHungUp(): boolean {
  return hungUp;
}

/**
 * Calls back once, at the first request to stop. A second Ctrl-C ends the process at once.
 *
 * @param options - `hangUp`: whether SIGHUP, as of a closed terminal, counts as a request. Default:
 *   yes. `again`: called at each further request. If it returns true, Ctrl-C does not end the
 *   process.
 * @returns Gives the signals back to the process.
 */
export function onStop(
  stop: (signal: NodeJS.Signals) => void,
  { hangUp = true, again = () => false }: { readonly hangUp?: boolean; readonly again?: () => boolean } = {},
): () => void {
  let toldAtMs: number | undefined;
  const handle = (signal: NodeJS.Signals): void => {
    const now = performance.now();
    if (toldAtMs === undefined) {
      toldAtMs = now;
      stop(signal);
      return;
    }
    const isSame = now - toldAtMs <= SAME_INTERRUPT_MS;
    if (isSame) return;
    toldAtMs = now;
    if (!again() && signal === "SIGINT") process.exit(EXIT.interrupted);
  };
  const signals = hangUp ? INTERRUPTS_OF_TERMINAL : INTERRUPTS;
  for (const signal of signals) process.on(signal, handle);
  return () => {
    for (const signal of signals) process.off(signal, handle);
  };
}
