import type { ComponentChildren } from "preact";

/** What tells people with one nickname apart; nothing beside a name that only one person has. */
export function NameMark({ mark }: { mark: string | undefined }): ComponentChildren {
  if (mark === undefined) return null;
  return (
    <span class="name-mark" title="Several people here have this name. The mark tells them apart." data-testid="name-mark">
      #{mark}
    </span>
  );
}
