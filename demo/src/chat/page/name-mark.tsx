import type { ComponentChildren } from "preact";

/** The mark that tells people with one nickname apart. Empty beside a unique name. */
export function NameMark({ mark }: { mark: string | undefined }): ComponentChildren {
  if (mark === undefined) return null;
  return (
    <span class="name-mark" title="Several people here have this name. The mark tells them apart." data-testid="name-mark">
      #{mark}
    </span>
  );
}
