import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { CopyButton } from "artesian-ui/copy-button.tsx";
import type { Refusal } from "./session.ts";
import { consoleTexts } from "./texts.ts";
import { Words } from "./words.tsx";

/**
 * The command for the default data directory. The directory in use is not shown: the door answers
 * everybody who reaches the port, and a path names users and machines. A proxy on this machine
 * makes strangers look local.
 */
const COMMAND = "npx artesian token mint --admin";

/** The form that asks for a token. */
export function Door({ problem, onEnter }: { problem: Refusal | undefined; onEnter: (token: string) => void }): ComponentChildren {
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
          <code>{COMMAND}</code>
          <CopyButton text={COMMAND} label={texts.copyCommand} />
        </div>
        <p class="hint">
          <Words text={texts.data} />
        </p>
        <p class="hint">
          <Words text={texts.more} />
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
