/** The paces to choose from, as the least time between two writes of the hub, in milliseconds. */
export const PACES: readonly number[] = [50, 100, 250, 500, 1000, 2000, 5000];
