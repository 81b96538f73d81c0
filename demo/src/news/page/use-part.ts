import { useEffect, useState } from "preact/hooks";

/**
 * A part of the page, loaded on demand.
 *
 * @param load - Imports the part. Called again after a failure when the part is wanted again.
 * @returns The part, or undefined until the import ends.
 */
export function usePart<T>(load: () => Promise<T>, isWanted: boolean): T | undefined {
  const [part, setPart] = useState<{ readonly loaded: T }>();
  useEffect(() => {
    if (!isWanted || part !== undefined) return;
    load().then(
      (loaded) => setPart({ loaded }),
      // The network is away, or the build has changed: the next wish or reload tries again.
      () => {},
    );
  }, [isWanted]);
  return part?.loaded;
}
