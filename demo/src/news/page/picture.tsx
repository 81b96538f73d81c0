import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { Headline } from "./headline.ts";

/**
 * A headline's picture. The frame has the full size from the start. The feed's first letter stands in the
 * frame until the picture is there, and stays if the picture fails.
 */
export function Picture({ headline, src }: { headline: Headline; src: string }): ComponentChildren {
  const [failed, setFailed] = useState("");
  return (
    <span class="picture" aria-hidden="true" data-testid="picture" data-failed={String(failed === src)}>
      {Array.from(headline.feedTitle)[0]}
      {failed !== src && <img src={src} alt="" width="640" height="360" loading="lazy" decoding="async" onError={() => setFailed(src)} />}
    </span>
  );
}
