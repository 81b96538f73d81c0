import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { CopyButton } from "artesian-ui/copy-button.tsx";
import { DEFAULT_URL } from "./default-url.ts";
import type { Refusal } from "./session.ts";
import { consoleTexts } from "./texts.ts";
import { Words } from "./words.tsx";

const USUAL = new URL(DEFAULT_URL);

/**
 * The command for the default data directory. A token is for one URL. The directory in use is not
 * shown: the door answers everybody who reaches the port, and a path names users and machines. A
 * proxy on this machine makes strangers look local.
 */
function commandFor(hubUrl: string | undefined): string {
  const { origin, pathname } = hubUrl === undefined ? USUAL : new URL(hubUrl);
  const flags = [origin === USUAL.origin ? "" : ` --public-url ${origin}`, pathname === USUAL.pathname ? "" : ` --path ${pathname}`];
  return `npx artesian token mint --admin${flags.join("")}`;
}

interface DoorProps {
  readonly problem: Refusal | undefined;
  /** Undefined if it is not known. */
  readonly hubUrl: string | undefined;
  readonly onEnter: (token: string) => void;
}

/** The form that asks for a token. */
export function Door({ problem, hubUrl, onEnter }: DoorProps): ComponentChildren {
  const command = commandFor(hubUrl);
  const texts = consoleTexts().door;
  const [token, setToken] = useState("");
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => input.current?.focus(), []);
  return (
    <main class="door">
      <form
        class="door-card card"
        data-testid="door"
        onSubmit={(event) => {
          event.preventDefault();
          onEnter(token);
        }}
      >
        <h1>{texts.title}</h1>
        <p class="hint">{texts.why}</p>
        <div class="command">
          <code>{command}</code>
          <CopyButton text={command} label={texts.copyCommand} />
        </div>
        <p class="hint">
          <Words text={texts.data} />
        </p>
        <p class="hint">
          <Words text={texts.more} /> <Words text={texts.monitor} />
        </p>
        <label for="token">{texts.label}</label>
        <div class="door-line">
          <input
            ref={input}
            id="token"
            class="field"
            type="password"
            autoComplete="off"
            spellcheck={false}
            required
            aria-describedby="token-problem token-note"
            value={token}
            onInput={(event) => setToken(event.currentTarget.value)}
          />
          <button class="button" type="submit">
            {texts.open}
          </button>
        </div>
        <p id="token-problem" class="problem" role="alert">
          {problem && <Words text={texts.refusals[problem]} />}
        </p>
        <p id="token-note" class="hint">
          {texts.note}
        </p>
      </form>
    </main>
  );
}
