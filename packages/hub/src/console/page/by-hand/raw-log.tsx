import type { ComponentChildren } from "preact";
import { clock } from "../format.ts";
import type { Entry } from "./raw-stream.ts";
import { byHandTexts } from "./texts.ts";

/** The entries of a stream, the newest first. */
export function RawLog({ entries, onExplain }: { entries: readonly Entry[]; onExplain: (id: string) => void }): ComponentChildren {
  const texts = byHandTexts().raw;
  return (
    // The list scrolls, so it must be reachable with the keyboard.
    <div class="raw" tabIndex={0} role="log" aria-label={texts.label} data-testid="raw">
      {entries.length === 0 ? (
        <p class="empty">{texts.empty}</p>
      ) : (
        <ol>
          {entries.map((entry) => (
            <li key={entry.number} data-kind={entry.kind} data-testid="raw-entry" data-type={entry.type}>
              <p class="raw-head">
                <time>{clock(entry.at)}</time>
                <b>{entry.type}</b>
                {entry.id !== undefined &&
                  (entry.kind === "event" ? (
                    <button type="button" class="link" title={texts.whatBecame} onClick={() => onExplain(entry.id ?? "")}>
                      {entry.id}
                    </button>
                  ) : (
                    <span class="raw-id">{entry.id}</span>
                  ))}
              </p>
              <pre>{(typeof entry.data === "function" ? entry.data() : entry.data) || " "}</pre>
            </li>
          ))}
        </ol>
      )}
    </div>
  );
}
