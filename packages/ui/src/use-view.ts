import { useEffect, useState } from "preact/hooks";

/** A store whose view is replaced when something in it changes. */
export interface ViewStore<V> {
  readonly view: V;
  /** @returns Stops telling of changes. */
  subscribe(onChange: () => void): () => void;
}

/** The view of a store, as it is now. */
export function useView<V>(store: ViewStore<V>): V {
  const [view, setView] = useState(store.view);
  useEffect(() => {
    const update = (): void => setView(store.view);
    update();
    return store.subscribe(update);
  }, [store]);
  return view;
}
