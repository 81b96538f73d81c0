import type { SourceEvent } from "artesian-sources";
import { formatCount } from "../config/units.ts";
import { type Output, style } from "../terminal.ts";
import { inFlags } from "./wording.ts";

/** Progress of a source. Problems are lines, the rest is on the last line of a terminal. */
export interface SourceProgress {
  report(event: SourceEvent): void;
  /** Ends the last line with the total. */
  end(verb: string): Promise<void>;
}

/**
 * Refresh interval of the last line while nothing happens, in milliseconds. The line counts down.
 */
const INTERVAL_MS = 1000;

/** Shortest time between two refreshes, in milliseconds, because prices come by the thousand. */
const PAUSE_MS = 100;

/**
 * @param shown - Whether to show a last line. False if the updates themselves go to the same
 *   terminal.
 */
export function startSourceProgress(stderr: Output, shown: boolean): SourceProgress {
  let total = 0;
  let items: number | undefined;
  let changedAt: Date | undefined;
  let nextAtMs: number | undefined;
  let failing = false;
  let shownAtMs = 0;
  const show = (): void => {
    const parts = [`${formatCount(total)} ${total === 1 ? "update" : "updates"}`];
    if (items !== undefined) parts.push(`${formatCount(items)} ${items === 1 ? "item" : "items"} there`);
    if (changedAt !== undefined) parts.push(`last change at ${changedAt.toTimeString().slice(0, 8)}`);
    if (nextAtMs !== undefined)
      parts.push(`next ${failing ? "try" : "round"} in ${Math.max(0, Math.ceil((nextAtMs - Date.now()) / 1000))} s`);
    stderr.status(parts.join(" · "));
    shownAtMs = Date.now();
  };
  const isShown = shown && stderr.isTerminal;
  const timer = isShown ? setInterval(show, INTERVAL_MS).unref() : undefined;
  return {
    report(event) {
      if (event.kind === "published") {
        total += event.updates;
        changedAt = new Date();
      }
      if (event.kind === "fetched") {
        failing = false;
        nextAtMs = undefined;
        // A 304 brings no count.
        if (event.bytes > 0) items = event.items;
      }
      if (event.kind === "waiting") nextAtMs = Date.now() + event.nextInMs;
      if (event.kind === "failed") {
        failing = true;
        const again = `Trying again in ${(event.retryInMs / 1000).toFixed(1)} s.`;
        void stderr.line(style("yellow", `${inFlags(event.error.message)} ${again}`));
      }
      if (event.kind === "warning") void stderr.line(style("yellow", `warning: ${inFlags(event.message)}`));
      if (isShown && (event.kind === "waiting" || Date.now() - shownAtMs >= PAUSE_MS)) show();
    },
    async end(verb) {
      clearInterval(timer);
      await stderr.line(`${verb} ${formatCount(total)} ${total === 1 ? "update" : "updates"}`);
    },
  };
}
