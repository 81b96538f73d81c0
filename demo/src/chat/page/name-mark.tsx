import type { ComponentChildren } from "preact";
import { chatTexts } from "./texts.ts";

/** The mark that tells people with one nickname apart. Empty beside a unique name. */
export function NameMark({ mark }: { mark: string | undefined }): ComponentChildren {
  if (mark === undefined) return null;
  return (
    <span class="name-mark" title={chatTexts().sameName} data-testid="name-mark">
      #{mark}
    </span>
  );
}
