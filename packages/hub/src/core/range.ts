/**
 * The least and the most value of a number, both included. The library's options and the command's
 * settings share each range.
 */
export type Range = readonly [least: number, most: number];
