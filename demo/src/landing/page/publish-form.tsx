import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";

const MAX_LENGTH = 500;

/** Publishes to the topic `greeting`, with the same request as the curl line. */
export function PublishForm({ streamUrl }: { streamUrl: string }): ComponentChildren {
  const [data, setData] = useState("Hello, world!");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | undefined>();

  async function publish(event: Event): Promise<void> {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    try {
      const response = await fetch(streamUrl, { method: "POST", body: new URLSearchParams({ topic: "greeting", data }) });
      setProblem(response.ok ? undefined : await whatIsWrong(response));
    } catch {
      setProblem("The hub cannot be reached. The update was not sent.");
    } finally {
      setBusy(false);
    }
  }

  return (
    <form class="publish" onSubmit={(event) => void publish(event)}>
      <label for="greeting">
        Publish to <code>greeting</code>
      </label>
      <div class="publish-line">
        <input
          id="greeting"
          class="field"
          type="text"
          autoComplete="off"
          maxLength={MAX_LENGTH}
          value={data}
          onInput={(event) => setData(event.currentTarget.value)}
        />
        <button class="button" type="submit">
          Publish
        </button>
      </div>
      <p class="publish-problem" role="alert">
        {problem}
      </p>
    </form>
  );
}

async function whatIsWrong(response: Response): Promise<string> {
  const body: unknown = await response.json().catch(() => undefined);
  const detail: unknown = typeof body === "object" && body !== null ? Reflect.get(body, "detail") : undefined;
  return typeof detail === "string" ? detail : `The hub answered ${response.status}.`;
}
