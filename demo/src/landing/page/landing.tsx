import type { ComponentChildren } from "preact";
import { AppBar } from "artesian-ui/app-bar.tsx";
import { CopyButton } from "artesian-ui/copy-button.tsx";
import { AppCards } from "./apps.tsx";
import { LivePanel } from "./live-panel.tsx";

const STREAM_PATH = "/events/stream";

/**
 * Topics of one word, with or without a leading slash. The apps' own topics have two words. Prices
 * and headlines would drown handmade updates.
 */
const PLAIN_TOPICS = ["/:word", "/.well-known/:word"];

/** The page at `/`: an introduction with a live stream. */
export function Landing({ origin }: { origin: string }): ComponentChildren {
  const curl = `curl -d topic=greeting -d 'data=Hello, world!' ${origin}${STREAM_PATH}`;
  const script = `const events = new EventSource("${STREAM_PATH}?match=greeting");\nevents.onmessage = (event) =>\n  console.log(event.data);`;
  return (
    <>
      <AppBar />
      <main>
        <div class="surface-layer">
          <div class="intro">
            <h1>Data that rises by itself</h1>
            <p class="lead">
              Artesian is a hub. Your backend sends it one POST, and every open page has the update at once, over plain HTTP. No polling, no
              broker to learn, nothing lost when a connection breaks.
            </p>
            <p class="actions">
              <a class="button" href="#apps">
                See it at work
              </a>
            </p>
          </div>
          <LivePanel streamUrl={STREAM_PATH} patterns={PLAIN_TOPICS} />
          <div class="how">
            <Code id="send" title="Send, from anything" text={curl} copyLabel="Copy the curl line" />
            <Code id="receive" title="Receive, in any page" text={script} copyLabel="Copy the script" />
          </div>
        </div>
        <Layers />
      </main>
    </>
  );
}

interface CodeProps {
  readonly id: string;
  readonly title: string;
  readonly text: string;
  readonly copyLabel: string;
}

function Code({ id, title, text, copyLabel }: CodeProps): ComponentChildren {
  return (
    <section class="code" aria-labelledby={id}>
      <header>
        <h2 id={id}>{title}</h2>
        <CopyButton text={text} label={copyLabel} />
      </header>
      <pre data-testid={id}>
        <code>{text}</code>
      </pre>
    </section>
  );
}

/** Down through the layers to the water. */
function Layers(): ComponentChildren {
  return (
    <div class="layers">
      <section class="layer sand" aria-labelledby="keeps-title">
        <Edge />
        <div class="layer-inner section">
          <h2 id="keeps-title">What you can rely on</h2>
          <ul class="claims">
            <Claim title="Nothing lost across reconnects">
              A page that was away goes on from the last event that it saw. If something is no longer held, it is told so in the stream.
            </Claim>
            <Claim title="One journal">
              Every update is written down before it is sent. What is live and what is replayed are read off the same journal, in the same
              order.
            </Claim>
            <Claim title="Any backend">
              PHP, Python, Go, a shell script: whatever can send a POST can publish. Clients made for the Mercure protocol work too.
            </Claim>
            <Claim title="Nobody polls">
              One open request a page, and the browser's own <code>EventSource</code>. No library needed, no special proxy, no idle
              questions.
            </Claim>
          </ul>
          <Well />
        </div>
      </section>
      <section class="layer deep" aria-labelledby="apps">
        <Edge />
        <div class="layer-inner deep-inner">
          <h2 id="apps">Watch it work</h2>
          <p>
            Four apps on this hub, made with its public interface and nothing else. Open one in two windows, and stop the server in between.
          </p>
          <AppCards />
        </div>
      </section>
    </div>
  );
}

/**
 * The path of an update as a cross-section: from the backends deep below, through the journal, up
 * to the pages.
 */
function Well(): ComponentChildren {
  return (
    <div class="well">
      <div class="pipe" aria-hidden="true">
        <i />
        <i />
        <i />
      </div>
      <ol aria-label="The way of an update, from the surface down">
        <li>
          <b>Every open page</b> has it at once.
        </li>
        <li>
          <b>The hub</b> picks who subscribed, and sends them the same bytes.
        </li>
        <li>
          <b>The journal</b> keeps it, in order.
        </li>
        <li>
          <b>Your backends</b> send one POST.
        </li>
      </ol>
    </div>
  );
}

function Claim({ title, children }: { title: string; children: ComponentChildren }): ComponentChildren {
  return (
    <li>
      <h3>{title}</h3>
      <p>{children}</p>
    </li>
  );
}

/** The uneven upper edge of a layer. */
function Edge(): ComponentChildren {
  return (
    <svg class="edge" viewBox="0 0 1440 60" preserveAspectRatio="none" aria-hidden="true">
      <path d="M0 34C180 8 330 52 560 36S930 2 1140 22s220 22 300 8v31H0z" />
    </svg>
  );
}
