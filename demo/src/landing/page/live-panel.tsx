import type { ComponentChildren } from "preact";
import { ConnectionBadge, ConnectionProblem } from "artesian-ui/connection-badge.tsx";
import { formatterOf } from "artesian-ui/language.ts";
import { useNow } from "artesian-ui/use-now.ts";
import { PublishForm } from "./publish-form.tsx";
import { rich } from "./rich.tsx";
import { landingTexts } from "./texts.ts";
import { type Row, useLiveStream } from "./use-live-stream.ts";
import well from "./well.svg";

const clock = formatterOf((tag) => new Intl.DateTimeFormat(tag, { timeStyle: "medium", hour12: false }));

interface LivePanelProps {
  /** URL for publishing and subscribing. */
  readonly streamUrl: string;
  /** URL patterns of the topics to show. */
  readonly patterns: readonly string[];
}

/** Updates as they arrive, and a form to publish. */
export function LivePanel({ streamUrl, patterns }: LivePanelProps): ComponentChildren {
  const { connection, rows, count, sentMs, publish } = useLiveStream(streamUrl, patterns);
  const now = useNow(connection.state === "reconnecting");
  const texts = landingTexts();
  return (
    <section class="panel card" aria-labelledby="panel-title">
      <header class="panel-head">
        <h2 id="panel-title">{texts.panel}</h2>
        <ConnectionBadge connection={connection} now={now} />
      </header>
      <ConnectionProblem connection={connection} />
      {/* Scrolls, so it must be reachable with the keyboard. */}
      <div class="panel-body" tabIndex={0} role="log" aria-label={texts.updates} data-testid="updates">
        {rows.length === 0 ? (
          <Quiet />
        ) : (
          <ol class="rows">
            {rows.map((row) => (
              <UpdateRow key={row.number} row={row} sentMs={sentMs.get(row.id)} />
            ))}
          </ol>
        )}
      </div>
      <PublishForm publish={publish} />
      <p class="panel-foot">
        {count === 0 ? texts.everyTopic : texts.counted(count)} {texts.aboutLatency}
      </p>
    </section>
  );
}

function UpdateRow({ row, sentMs }: { row: Row; sentMs: number | undefined }): ComponentChildren {
  const texts = landingTexts();
  return (
    <li class="row" title={row.id === undefined ? undefined : texts.eventId(row.id)}>
      <span class="row-head">
        <time dateTime={new Date(row.at).toISOString()}>{clock().format(row.at)}</time>
        <span class="row-topic" data-testid="update-topic">
          {row.topic}
        </span>
        <span class="row-type" data-testid="update-type">
          {row.type}
        </span>
        {sentMs !== undefined && (
          <span class="row-latency" data-testid="update-latency">
            {texts.took(Math.round(row.arrivedMs - sentMs))}
          </span>
        )}
      </span>
      <span class="row-data" dir="auto">
        {row.data === "" ? <i>{texts.noData}</i> : row.data}
      </span>
    </li>
  );
}

function Quiet(): ComponentChildren {
  return (
    <div class="quiet-well">
      <img src={well} alt="" width="160" height="112" />
      <p>{rich(landingTexts().quiet)}</p>
    </div>
  );
}
