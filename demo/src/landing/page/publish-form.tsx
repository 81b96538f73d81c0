import { ClientError } from "artesian-client";
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { language } from "artesian-ui/language.ts";
import { rich } from "./rich.tsx";
import { landingTexts } from "./texts.ts";
import { loadPublisher } from "./use-live-stream.ts";

const MAX_LENGTH = 500;
const TOPIC = "greeting";

interface PublishFormProps {
  /** Publishes an update, which waits while the server is away. */
  readonly publish: (topic: string, data: string) => Promise<void>;
}

/** Publishes to the topic `greeting`, like the curl line. */
export function PublishForm({ publish }: PublishFormProps): ComponentChildren {
  // The example follows the language until something is typed.
  const [typed, setTyped] = useState<string | undefined>();
  const [failure, setFailure] = useState<unknown>();
  const texts = landingTexts();
  const data = typed ?? texts.example;

  function submit(event: Event): void {
    event.preventDefault();
    publish(TOPIC, data).then(() => setFailure(undefined), setFailure);
  }

  return (
    <form class="publish" onSubmit={submit} onFocusIn={() => void loadPublisher().catch(() => undefined)}>
      <label for="greeting">{rich(texts.publishTo(TOPIC))}</label>
      <div class="publish-line">
        <input
          id="greeting"
          class="field"
          type="text"
          autoComplete="off"
          maxLength={MAX_LENGTH}
          value={data}
          onInput={(event) => setTyped(event.currentTarget.value)}
        />
        <button class="button" type="submit">
          {texts.publish}
        </button>
      </div>
      <p class="publish-problem" role="alert">
        {/* The server's own words are English. */}
        {failure instanceof ClientError && (language() === "en" ? failure.message : texts.notSent(failure.status))}
      </p>
    </form>
  );
}
