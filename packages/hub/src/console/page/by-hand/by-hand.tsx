import type { ComponentChildren } from "preact";
import { PublishForm } from "./publish-form.tsx";
import { type Play, SubscribeForm } from "./subscribe-form.tsx";

export interface ByHandProps {
  readonly token: string | undefined;
  readonly active: boolean;
  readonly play: Play;
  readonly onExplain: (id: string) => void;
}

/** Publishes and subscribes with the requests that every program makes. */
export function ByHand({ token, play, onExplain }: ByHandProps): ComponentChildren {
  return (
    <div class="panes">
      <PublishForm token={token} onExplain={onExplain} />
      <SubscribeForm token={token} onExplain={onExplain} play={play} />
    </div>
  );
}
