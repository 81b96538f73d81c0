/** How long a tab is hidden before it releases its connection, in milliseconds. */
const HIDDEN_MS = 20_000;

/**
 * Reports when a hidden tab should close its stream. A browser opens six connections to one site
 * over HTTP/1.1, so hidden tabs would keep the seventh from loading.
 *
 * @param onRest - Called once the tab has been hidden for 20 s.
 * @param onShown - Called when the tab is shown after that.
 * @returns Stops watching the tab.
 */
export function watchHiddenTab(onRest: () => void, onShown: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isResting = false;
  const update = (): void => {
    clearTimeout(timer);
    if (document.visibilityState === "hidden") {
      if (isResting) return;
      timer = setTimeout(() => {
        isResting = true;
        onRest();
      }, HIDDEN_MS);
    } else if (isResting) {
      isResting = false;
      onShown();
    }
  };
  document.addEventListener("visibilitychange", update);
  update();
  return () => {
    clearTimeout(timer);
    document.removeEventListener("visibilitychange", update);
  };
}
