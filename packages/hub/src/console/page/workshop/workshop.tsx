import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { CopyButton } from "artesian-ui/copy-button.tsx";
import type { About } from "../../server/wire.ts";
import { Field } from "../fields.tsx";
import { EXAMPLE_PATTERN, Lines } from "../lines.tsx";
import { Words } from "../words.tsx";
import { decodeToken } from "./decode.ts";
import { Explanation } from "./explanation.tsx";
import { mintCommand, type Wishes } from "./mint-command.ts";
import { workshopTexts } from "./texts.ts";

export interface WorkshopProps {
  readonly about: About;
  readonly active: boolean;
}

/** Writes the command that makes a token, and explains tokens. Neither asks the server. */
export function Workshop({ about }: WorkshopProps): ComponentChildren {
  return (
    <div class="panes">
      <Make about={about} />
      <Explain about={about} />
    </div>
  );
}

/** The beginning of every token. */
const EXAMPLE_TOKEN = "eyJ…";

const NOTHING: Wishes = {
  publish: "",
  publishPatterns: "",
  subscribe: "*",
  subscribePatterns: "",
  isAdmin: false,
  isMonitor: false,
  lifetime: "1h",
  subject: "",
};

/**
 * The console makes no token itself. A stolen administrator's token would otherwise make others
 * that outlive it, and the key would have to be where requests from outside reach it.
 */
function Make({ about }: { about: About }): ComponentChildren {
  const [wishes, setWishes] = useState(NOTHING);
  const texts = workshopTexts().make;
  const command = mintCommand(wishes, about.audience);
  const change = (name: keyof Wishes) => (value: string) => setWishes({ ...wishes, [name]: value });
  return (
    <section class="pane card" aria-labelledby="make-title">
      <h3 id="make-title">{texts.title}</h3>
      <p class="hint">{texts.hint}</p>
      <form class="by-hand" data-testid="make" onSubmit={(event) => event.preventDefault()}>
        <Lines id="make-publish" label={texts.publish} placeholder="" value={wishes.publish} onValue={change("publish")} />
        <Lines
          id="make-publish-patterns"
          label={texts.publishPatterns}
          placeholder={EXAMPLE_PATTERN}
          value={wishes.publishPatterns}
          onValue={change("publishPatterns")}
        />
        <Lines id="make-subscribe" label={texts.subscribe} placeholder="" value={wishes.subscribe} onValue={change("subscribe")} />
        <Lines
          id="make-subscribe-patterns"
          label={texts.subscribePatterns}
          placeholder={EXAMPLE_PATTERN}
          value={wishes.subscribePatterns}
          onValue={change("subscribePatterns")}
        />
        <Field id="make-lifetime" label={texts.lifetime} value={wishes.lifetime} onValue={change("lifetime")} half />
        <Field
          id="make-subject"
          label={texts.subject}
          placeholder={texts.subjectHint}
          value={wishes.subject}
          onValue={change("subject")}
          half
        />
        <label class="check wide">
          <input
            type="checkbox"
            checked={wishes.isAdmin}
            onChange={(event) => setWishes({ ...wishes, isAdmin: event.currentTarget.checked })}
          />
          {texts.admin}
        </label>
        <label class="check wide">
          <input
            type="checkbox"
            checked={wishes.isMonitor}
            onChange={(event) => setWishes({ ...wishes, isMonitor: event.currentTarget.checked })}
          />
          {texts.monitor}
        </label>
      </form>
      {command === undefined ? (
        <p class="empty">{texts.nothing}</p>
      ) : (
        <div class="command">
          <code data-testid="mint-command">{command}</code>
          <CopyButton text={command} label={texts.copy} />
        </div>
      )}
      <p class="hint">
        <Words text={texts.data} />
      </p>
    </section>
  );
}

function Explain({ about }: { about: About }): ComponentChildren {
  const [text, setText] = useState("");
  const texts = workshopTexts().explain;
  const token = decodeToken(text);
  return (
    <section class="pane card" aria-labelledby="explain-token-title">
      <h3 id="explain-token-title">{texts.title}</h3>
      <p class="hint">{texts.hint}</p>
      <label for="explain-token">{texts.label}</label>
      <textarea
        id="explain-token"
        class="field mono"
        rows={5}
        spellcheck={false}
        autoComplete="off"
        autoCapitalize="off"
        placeholder={EXAMPLE_TOKEN}
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
      />
      <p class="problem" role="alert">
        {text.trim() !== "" && token === undefined && texts.noToken}
      </p>
      <div role="status" data-testid="token-explained">
        {token !== undefined && <Explanation token={token} about={about} />}
      </div>
    </section>
  );
}
