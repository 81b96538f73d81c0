import type { ComponentChildren, ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { consoleTexts } from "./texts.ts";

/**
 * Makes a part of the page whose code is loaded when the part is first shown, because few readers
 * look at every part.
 *
 * @param load - For example `() => import("./topics/topics.tsx").then(({ Topics }) => Topics)`.
 */
export function later<P extends { readonly active: boolean }>(load: () => Promise<ComponentType<P>>): ComponentType<P> {
  let loaded: ComponentType<P> | undefined;
  return function Later(props: P): ComponentChildren {
    const [state, setState] = useState<"asked" | "failed" | undefined>();
    const { active } = props;
    useEffect(() => {
      if (!active || loaded !== undefined || state !== undefined) return;
      setState("asked");
      void (async () => {
        try {
          loaded = await load();
          setState(undefined);
        } catch {
          // The hub was updated, or is away.
          setState("failed");
        }
      })();
    }, [active, state]);
    const Part = loaded;
    if (Part !== undefined) return <Part {...props} />;
    return (
      <p class="empty" role="status">
        {state === "failed" ? consoleTexts().notLoaded : consoleTexts().asking}
      </p>
    );
  };
}
