import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Headline } from "../headline.ts";
import { Lane } from "./lane.ts";
import { RollingItem } from "./rolling-item.tsx";

interface RollingLaneProps {
  /** The headlines that take turns, newest first. */
  readonly headlines: readonly Headline[];
  readonly paused: boolean;
  readonly textOf: (headline: Headline) => ComponentChildren;
}

/** Headlines that roll by, and stop while the pointer or the focus is on them. */
export function RollingLane({ headlines, paused, textOf }: RollingLaneProps): ComponentChildren {
  const [lane] = useState(() => new Lane());
  const [rolling, setRolling] = useState(lane.rolling);
  const [hovered, setHovered] = useState(false);
  const [focused, setFocused] = useState(false);
  const list = useRef<HTMLUListElement>(null);
  const stands = paused || hovered || focused;

  function change(act: () => void): void {
    act();
    setRolling(lane.rolling);
  }

  useEffect(() => change(() => lane.supply(headlines)), [headlines]);

  /** Scrolls a focused headline completely into view. */
  function onFocusIn(event: FocusEvent): void {
    setFocused(true);
    const item = event.target instanceof Element ? event.target.closest("li") : null;
    const window = list.current?.parentElement;
    if (item === null || list.current === null || window === null || window === undefined) return;
    list.current.style.translate = "";
    const box = item.getBoundingClientRect();
    const view = window.getBoundingClientRect();
    const isPastLeft = box.left < view.left || box.width > view.width;
    list.current.style.translate = `${isPastLeft ? view.left - box.left : Math.min(0, view.right - box.right)}px`;
  }

  function onFocusOut(event: FocusEvent): void {
    if (list.current === null) return;
    if (event.relatedTarget instanceof Node && list.current.contains(event.relatedTarget)) return;
    setFocused(false);
    list.current.style.translate = "";
  }

  return (
    <div
      class="lane-window"
      data-testid="lane"
      data-stands={String(stands)}
      onPointerEnter={() => setHovered(true)}
      onPointerLeave={() => setHovered(false)}
    >
      <ul class="lane" ref={list} onFocusIn={onFocusIn} onFocusOut={onFocusOut}>
        {rolling.map(({ turn, headline, startPx }) => (
          <RollingItem
            key={turn}
            id={headline.id}
            startPx={startPx}
            stands={stands}
            onEntered={(nextPx) => change(() => lane.entered(nextPx))}
            onGone={() => change(() => lane.gone(turn))}
          >
            {textOf(headline)}
          </RollingItem>
        ))}
      </ul>
    </div>
  );
}
