/** The least and the most that a number may be, both included. The library's options and the command's settings share each. */
export type Range = readonly [least: number, most: number];
