/**
 * Shortest time between two drawings, in milliseconds. In a lively room, a slow device must have
 * time for the user.
 */
const PAUSE_MS = 80;

/** How soon a page that gets no frames is brought up to date, in milliseconds. */
const HIDDEN_MS = 500;

/**
 * Draws with the next frame, and once for all requests before.
 *
 * @returns Asks for a drawing.
 */
export function perFrame(draw: () => void): () => void {
  let isAsked = false;
  let drawnAt = -Infinity;

  function run(): void {
    if (!isAsked) return;
    isAsked = false;
    drawnAt = performance.now();
    draw();
  }

  return () => {
    if (isAsked) return;
    isAsked = true;
    const restMs = Math.max(0, drawnAt + PAUSE_MS - performance.now());
    if (restMs === 0) requestAnimationFrame(run);
    else setTimeout(() => requestAnimationFrame(run), restMs);
    // A hidden page has no frames.
    setTimeout(run, HIDDEN_MS);
  };
}
