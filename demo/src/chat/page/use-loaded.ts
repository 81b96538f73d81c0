import { useEffect, useState } from "preact/hooks";

/**
 * A part of the page that is loaded when first needed. Undefined until then.
 *
 * @param onFailure - Called when the part cannot be loaded now.
 */
export function useLoaded<T extends object>(isNeeded: boolean, load: () => Promise<T>, onFailure: () => void): T | undefined {
  const [part, setPart] = useState<T | undefined>();
  useEffect(() => {
    // A state may not be a function, which a component is.
    if (isNeeded && part === undefined) load().then((loaded) => setPart(loaded), onFailure);
  }, [isNeeded]);
  return part;
}
