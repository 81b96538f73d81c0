import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { count } from "../format.ts";
import { consoleTexts } from "../texts.ts";
import { askServer, killServer, type ServerInfo } from "./demo-server.ts";
import { fleetTexts } from "./texts.ts";

/** The kill of a process, and what came after. */
type Kill =
  | { readonly kind: "asked" }
  | { readonly kind: "refused"; readonly isTooSoon: boolean }
  | { readonly kind: "killed"; readonly process: number }
  | { readonly kind: "back"; readonly process: number; readonly next: number; readonly tookMs: number }
  | { readonly kind: "away"; readonly process: number };

/** Time between two questions while the process is away, and the longest wait, in milliseconds. */
const AGAIN_MS = 100;
const LONGEST_MS = 30_000;

/**
 * The demo's "kill the server": kills the process that answers this page, and tells when another
 * has taken its place. On every other server there is nothing to see, because only the demo lets
 * itself be killed.
 */
export function Takeover({ active }: { active: boolean }): ComponentChildren {
  const [server, setServer] = useState<ServerInfo | undefined>();
  const [kill, setKill] = useState<Kill | undefined>();
  const left = useRef(new AbortController());
  useEffect(() => () => left.current.abort(), []);
  useEffect(() => {
    if (active) void askServer(left.current.signal).then(setServer);
  }, [active]);
  if (server === undefined || server.cannotKill !== undefined) return null;

  async function run(): Promise<void> {
    setKill({ kind: "asked" });
    const answer = await killServer(left.current.signal);
    if (typeof answer !== "number") return setKill({ kind: "refused", isTooSoon: answer === "too_soon" });
    const killedAt = performance.now();
    setKill({ kind: "killed", process: answer });
    while (performance.now() - killedAt < LONGEST_MS && !left.current.signal.aborted) {
      const now = await askServer(left.current.signal);
      if (now !== undefined && now.process !== answer) {
        return setKill({ kind: "back", process: answer, next: now.process, tookMs: performance.now() - killedAt });
      }
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
    setKill({ kind: "away", process: answer });
  }

  const texts = fleetTexts().takeover;
  const isBusy = kill?.kind === "asked" || kill?.kind === "killed";
  return (
    <section class="pane card" aria-labelledby="takeover-title" data-testid="takeover">
      <h3 id="takeover-title">{texts.title}</h3>
      <p class="hint">{texts.hint}</p>
      <div class="form-tools">
        <button type="button" class="button quiet" disabled={isBusy} data-testid="kill" onClick={() => void run()}>
          {texts.kill}
        </button>
        <p class="count" role="status" data-testid="kill-said" data-kind={kill?.kind}>
          {kill !== undefined && sentence(kill)}
        </p>
      </div>
    </section>
  );
}

function sentence(kill: Kill): string {
  const texts = fleetTexts().takeover;
  switch (kill.kind) {
    case "asked":
      return consoleTexts().asking;
    case "refused":
      return kill.isTooSoon ? texts.tooSoon : texts.refused;
    case "killed":
      return texts.killed(kill.process);
    case "back":
      return texts.back(kill.process, kill.next, count(kill.tookMs));
    case "away":
      return texts.away(kill.process);
  }
}
