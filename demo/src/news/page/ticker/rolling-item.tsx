import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

/** Speed of the ticker, in pixels a second, slow enough for reading. */
const SPEED = 55;

interface RollingItemProps {
  /** The headline's id. */
  readonly id: string;
  readonly startPx: number | undefined;
  /** Whether the ticker is paused. */
  readonly stands: boolean;
  /**
   * Called when the tail is in view, so that the next headline may begin at this many pixels, or
   * off the right edge.
   */
  readonly onEntered: (nextPx: number | undefined) => void;
  readonly onGone: () => void;
  readonly children: ComponentChildren;
}

/**
 * A headline on its way from the right to the left. The browser's compositor moves it, and no
 * script runs while it rolls.
 */
export function RollingItem({ id, startPx, stands, onEntered, onGone, children }: RollingItemProps): ComponentChildren {
  const item = useRef<HTMLLIElement>(null);
  const animations = useRef<readonly Animation[]>([]);

  useLayoutEffect(() => {
    const element = item.current;
    const lane = element?.parentElement?.parentElement;
    if (element === null || lane === null || lane === undefined) return undefined;
    const width = element.offsetWidth;
    const start = startPx ?? lane.clientWidth;
    const move = element.animate([{ transform: `translateX(${start}px)` }, { transform: `translateX(${-width}px)` }], {
      duration: ((start + width) / SPEED) * 1000,
      fill: "both",
    });
    move.addEventListener("finish", onGone);
    const outside = start + width - lane.clientWidth;
    if (outside <= 0) {
      animations.current = [move];
      onEntered(start + width);
    } else {
      // Moves nothing, and serves as a clock that pauses with the rest.
      const enter = element.animate([], { duration: (outside / SPEED) * 1000 });
      enter.addEventListener("finish", () => onEntered(undefined));
      animations.current = [move, enter];
    }
    return () => {
      for (const animation of animations.current) animation.cancel();
    };
  }, []);

  // Before the next frame, because a reader who points at a headline wants to keep it.
  useLayoutEffect(() => {
    for (const animation of animations.current) {
      if (animation.playState === "finished") continue;
      if (stands) animation.pause();
      else animation.play();
    }
  }, [stands]);

  return (
    <li class="roll" ref={item} data-testid="roll" data-id={id}>
      {children}
    </li>
  );
}
