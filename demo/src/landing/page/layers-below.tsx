import type { ComponentChildren, ComponentType } from "preact";
import { loadTexts } from "artesian-ui/language.ts";
import { useEffect, useRef, useState } from "preact/hooks";

/** The first moves of a visitor, who may then go to the end of the first screen. */
const MOVES = ["keydown", "pointerdown"] as const;

async function loadLayers(): Promise<ComponentType> {
  const { Layers } = await import("./layers/layers.tsx");
  await loadTexts();
  return Layers;
}

/** The layers below the first screen. Their code is loaded when the visitor moves, or sees their place. */
export function LayersBelow(): ComponentChildren {
  const [Layers, setLayers] = useState<ComponentType>();
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (Layers !== undefined || place.current === null) return undefined;
    const load = (): void => {
      // The next move tries again.
      loadLayers().then(
        (loaded) => setLayers(() => loaded),
        () => undefined,
      );
    };
    const seen = new IntersectionObserver((entries) => {
      if (entries.some(({ isIntersecting }) => isIntersecting)) load();
    });
    seen.observe(place.current);
    for (const move of MOVES) addEventListener(move, load);
    if (location.hash !== "") load();
    return () => {
      seen.disconnect();
      for (const move of MOVES) removeEventListener(move, load);
    };
  }, [Layers]);
  return Layers === undefined ? <div class="layers layers-place" ref={place} /> : <Layers />;
}
