import type { ComponentChildren, ComponentType } from "preact";
import { loadTexts } from "artesian-ui/language.ts";
import { useEffect, useRef, useState } from "preact/hooks";
import styles from "./layers/layers.css?url";

/** The first moves of a visitor, who may then go to the end of the first screen. */
const MOVES = ["keydown", "pointerdown"] as const;

async function loadLayers(): Promise<ComponentType> {
  const [{ Layers }] = await Promise.all([import("./layers/layers.tsx"), loadStyles()]);
  await loadTexts();
  return Layers;
}

/** @returns Once the styles of the layers apply. */
function loadStyles(): Promise<unknown> {
  const link = document.createElement("link");
  return new Promise((onload, reject) => {
    const onerror = (): void => {
      link.remove();
      reject(new Error("The styles could not be loaded."));
    };
    document.head.append(Object.assign(link, { rel: "stylesheet", href: styles, onload, onerror }));
  });
}

/** The layers below the first screen. Their code is loaded when the visitor moves, or sees their place. */
export function LayersBelow(): ComponentChildren {
  const [Layers, setLayers] = useState<ComponentType>();
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (Layers !== undefined || place.current === null) return undefined;
    let isLoading = false;
    const load = (): void => {
      if (isLoading) return;
      isLoading = true;
      loadLayers().then(
        (loaded) => setLayers(() => loaded),
        // The next move tries again.
        () => (isLoading = false),
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
