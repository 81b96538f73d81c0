import type { ComponentChildren } from "preact";
import { ConnectionBadge, ConnectionProblem } from "artesian-ui/connection-badge.tsx";
import { useNow } from "artesian-ui/use-now.ts";
import { PublishForm } from "./publish-form.tsx";
import { type Row, useLiveStream } from "./use-live-stream.ts";

const CLOCK = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });

interface LivePanelProps {
  /** URL for publishing and subscribing. */
  readonly streamUrl: string;
  /** URL patterns of the topics to show. */
  readonly patterns: readonly string[];
}

/** Updates as they arrive, and a form to publish. */
export function LivePanel({ streamUrl, patterns }: LivePanelProps): ComponentChildren {
  const { connection, rows, count } = useLiveStream(streamUrl, patterns);
  const now = useNow(connection.state === "reconnecting");
  return (
    <section class="panel card" aria-labelledby="panel-title">
      <header class="panel-head">
        <h2 id="panel-title">Live on this hub</h2>
        <ConnectionBadge connection={connection} now={now} />
      </header>
      <ConnectionProblem connection={connection} />
      {/* Scrolls, so it must be reachable with the keyboard. */}
      <div class="panel-body" tabIndex={0} role="log" aria-label="Updates, newest first" data-testid="updates">
        {rows.length === 0 ? (
          <Quiet />
        ) : (
          <ol class="rows">
            {rows.map((row) => (
              <UpdateRow key={row.number} row={row} />
            ))}
          </ol>
        )}
      </div>
      <PublishForm streamUrl={streamUrl} />
      <p class="panel-foot">
        {count === 0 ? "Every topic of one word, as it happens." : `${count} ${count === 1 ? "update" : "updates"} since you came.`}
      </p>
    </section>
  );
}

function UpdateRow({ row }: { row: Row }): ComponentChildren {
  return (
    <li class="row" title={row.id === undefined ? undefined : `Event id ${row.id}`}>
      <time dateTime={new Date(row.at).toISOString()}>{CLOCK.format(row.at)}</time>
      <span class="row-type">{row.type}</span>
      <span class="row-data" dir="auto">
        {row.data === "" ? <i>no data</i> : row.data}
      </span>
    </li>
  );
}

function Quiet(): ComponentChildren {
  return (
    <div class="quiet-well">
      <svg viewBox="0 0 120 84" aria-hidden="true">
        <path class="earth" d="M4 40h44v40H4zM72 40h44v40H72z" />
        <path class="rim" d="M48 80V34M72 80V34" />
        <path class="water" d="M48 62q6-5 12 0t12 0v18H48z" />
        <path class="drop" d="M60 30c-5 7-7 10-7 13a7 7 0 0 0 14 0c0-3-2-6-7-13z" />
      </svg>
      <p>
        <strong>The well is still.</strong> Publish the first update below, or run the <code>curl</code> line in a terminal. It appears
        here, and on every other open page.
      </p>
    </div>
  );
}
