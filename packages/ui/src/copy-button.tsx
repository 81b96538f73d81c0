import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { sharedTexts } from "./texts.ts";

const SHOWN_MS = 2000;

/** Copies a text, and shows whether that worked. Pages on plain HTTP may not have a clipboard. */
export function CopyButton({ text, label, children }: { text: string; label: string; children?: ComponentChildren }): ComponentChildren {
  const [outcome, setOutcome] = useState<"copied" | "failed" | undefined>();
  useEffect(() => {
    if (outcome === undefined) return undefined;
    const timer = setTimeout(() => setOutcome(undefined), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [outcome]);

  async function copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(text);
      setOutcome("copied");
    } catch {
      // The clipboard is missing or not allowed. The text itself is on the page.
      setOutcome("failed");
    }
  }

  const texts = sharedTexts();
  const said = outcome === "copied" ? texts.copied : outcome === "failed" ? texts.selectIt : undefined;
  return (
    <>
      <button
        type="button"
        class="button quiet small copy"
        aria-label={said === undefined ? label : `${said}: ${label}`}
        onClick={() => void copy()}
      >
        {said ?? children ?? texts.copy}
      </button>
      <span class="visually-hidden" role="status">
        {said}
      </span>
    </>
  );
}
