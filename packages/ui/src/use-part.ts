import { useEffect, useState } from "preact/hooks";

/**
 * A part of the page that is loaded when first needed.
 *
 * @param load - Imports the part. Called again after a failure when the part is wanted again.
 * @param onFailure - Called when the part cannot be loaded now: the network is away, or the build has
 *   changed.
 * @returns The part, or undefined until the import ends.
 */
export function usePart<T>(load: () => Promise<T>, isWanted: boolean, onFailure: () => void = () => undefined): T | undefined {
  // In an object, because a state may not be a function, which a component is.
  const [part, setPart] = useState<{ readonly loaded: T }>();
  useEffect(() => {
    if (isWanted && part === undefined) load().then((loaded) => setPart({ loaded }), onFailure);
  }, [isWanted]);
  return part?.loaded;
}
