import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { CopyButton } from "artesian-ui/copy-button.tsx";
import type { Refusal } from "./session.ts";

const COMMAND = "artesian token mint --admin";

const REFUSALS: Record<Refusal, string> = {
  not_accepted:
    "The hub does not accept this token: it has ended, was revoked, is for another hub, or is not whole. artesian token inspect tells which.",
  not_admin:
    "This token is valid, but it does not administer this hub: it lacks the grant that --admin gives. Make one with the command above.",
  malformed: "This is not a token: paste the whole line that the command prints.",
  ended: "Your token has come to its end, or was revoked. Make another to go on.",
};

/** The form that asks for a token. */
export function Door({ problem, onEnter }: { problem: Refusal | undefined; onEnter: (token: string) => void }): ComponentChildren {
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
        <h1>The console is for whoever runs this hub</h1>
        <p class="hint">
          It shows who is connected and can close their streams, so it asks for an administrator's token. Where the hub runs:
        </p>
        <div class="command">
          <code>{COMMAND}</code>
          <CopyButton text={COMMAND} label="Copy the command" />
        </div>
        <p class="hint">
          Add <code>--publish '*'</code> to publish from here too, and <code>--subscribe '*'</code> to see private updates.
        </p>
        <label for="token">Administrator's token</label>
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
            Open
          </button>
        </div>
        <p id="token-problem" class="problem" role="alert">
          {problem && REFUSALS[problem]}
        </p>
        <p id="token-note" class="hint">
          It stays in this tab and goes with it; it is never in the address.
        </p>
      </form>
    </main>
  );
}
