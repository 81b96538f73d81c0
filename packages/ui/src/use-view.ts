import { useEffect, useState } from "preact/hooks";

/** A store whose view is replaced at each change. */
export interface ViewStore<V> {
  readonly view: V;
  /** @returns Stops the notifications. */
  subscribe(onChange: () => void): () => void;
}

/** The current view of a store. */
export function useView<V>(store: ViewStore<V>): V {
  const [view, setView] = useState(store.view);
  useEffect(() => {
    const update = (): void => setView(store.view);
    update();
    return store.subscribe(update);
  }, [store]);
  return view;
}
