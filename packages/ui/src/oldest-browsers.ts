/**
 * The oldest supported browsers of the pages. The build lowers syntax to them, but functions and
 * styles must exist there. Chrome 111 was the first with `color-mix()`, Firefox 115 with
 * `toSorted()`. Safari 16.4 is of the same months.
 */
export const OLDEST_BROWSERS = { chrome: "111", edge: "111", firefox: "115", safari: "16.4" } as const;

/** The names of these browsers in the build. */
export const BUILD_TARGET: string[] = Object.entries(OLDEST_BROWSERS).map(([name, version]) => name + version);
