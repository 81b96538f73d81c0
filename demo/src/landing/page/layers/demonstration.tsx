import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { createRun, IDLE } from "./demonstration-run.ts";
import type { ServerInfo } from "./server-info.ts";
import type { Counts } from "./tally.ts";
import { layerTexts } from "./texts.ts";

const STREAM_PATH = "/events/stream";
const COUNTED = ["sent", "received", "lost", "repeated"] as const;

/**
 * The demonstration: numbers on their way through a server that is killed, or to a page that is
 * away.
 *
 * Test ids: `show-start`, `show-stop`, `show-kill`, `show-away`; `show-sent`, `show-received`,
 * `show-lost`, `show-repeated`; `show-events`, each `show-event` with its `data-kind`; `show-number`
 * with `data-fate`; `show-no-kill`.
 */
export function Demonstration({ info }: { info: ServerInfo | undefined }): ComponentChildren {
  const [snapshot, setSnapshot] = useState(IDLE);
  // At once, not in an effect: the buttons may be pressed before effects run.
  const [run] = useState(() => createRun(STREAM_PATH, setSnapshot));
  useEffect(() => () => run.close(), [run]);
  const texts = layerTexts().show;
  const { state, isAway, canLeave, isKilling, counts, happenings } = snapshot;
  const isOn = state === "running" || state === "connecting";
  return (
    <div class="show">
      <h2 id="demonstration">{texts.title}</h2>
      <p class="show-about">{texts.about}</p>
      <div class="show-box card">
        <p class="show-buttons">
          {isOn ? (
            <button type="button" class="button quiet" data-testid="show-stop" onClick={() => run.stop()}>
              {texts.stop}
            </button>
          ) : (
            <button type="button" class="button" data-testid="show-start" onClick={() => run.start()}>
              {state === "idle" ? texts.start : texts.again}
            </button>
          )}
          {info !== undefined && info.cannotKill === undefined && (
            <button
              type="button"
              class="button danger"
              data-testid="show-kill"
              disabled={state !== "running" || isKilling}
              onClick={() => void run.kill()}
            >
              {texts.kill}
            </button>
          )}
          <button
            type="button"
            class="button quiet"
            data-testid="show-away"
            aria-pressed={isAway}
            disabled={state !== "running" || !canLeave}
            onClick={() => (isAway ? run.comeBack() : run.leave())}
          >
            {isAway ? texts.comeBack : texts.leave}
          </button>
        </p>
        {info?.cannotKill !== undefined && (
          <p class="show-note" data-testid="show-no-kill">
            {texts.cannotKill[info.cannotKill]}
          </p>
        )}
        <dl class="show-counts">
          {COUNTED.map((name) => (
            <div key={name} data-bad={(name === "lost" || name === "repeated") && counts[name] > 0}>
              <dt>{texts[name]}</dt>
              <dd data-testid={`show-${name}`}>{counts[name]}</dd>
            </div>
          ))}
        </dl>
        <Numbers counts={counts} />
        <div class="show-events" role="log" aria-label={texts.events} data-testid="show-events">
          {happenings.length === 0 && <p>{texts.idle}</p>}
          {happenings.map(({ key, kind, ...fields }) => (
            <p key={key} data-testid="show-event" data-kind={kind}>
              {texts.happened[kind](fields)}
            </p>
          ))}
        </div>
      </div>
    </div>
  );
}

/** The newest numbers as cells. The figures above say the same in words. */
function Numbers({ counts: { newest } }: { counts: Counts }): ComponentChildren {
  const { numbers, legend } = layerTexts().show;
  return (
    <>
      <div class="show-numbers" role="img" aria-label={numbers}>
        {newest.map(({ number, fate, isRepeated }) => (
          <i key={number} data-testid="show-number" data-fate={fate} data-repeated={isRepeated} title={String(number)} />
        ))}
      </div>
      <p class="show-legend" aria-hidden="true">
        {(["waiting", "live", "replayed", "lost"] as const).map((fate) => (
          <span key={fate}>
            <i data-fate={fate} /> {legend[fate]}
          </span>
        ))}
      </p>
    </>
  );
}
