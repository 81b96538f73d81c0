import { SPARK_POINTS, SPARK_STEP } from "../server/wire.ts";

/** Width and height of the drawing, in its own units. */
export const SPARK_WIDTH = 100;
export const SPARK_HEIGHT = 30;

/** Room above and below the line, so that its ends are not cut. */
const MARGIN = 2;

/** The recent past of a price in small, with one point for each span of some seconds. */
export class Spark {
  #points: number[];
  /** When the last span began, in seconds since 1970. */
  #time: number;

  constructor(points: readonly number[] = [], time = 0) {
    this.#points = points.slice(-SPARK_POINTS);
    this.#time = time;
  }

  /** @param at - In milliseconds since 1970. */
  add(at: number, price: number): void {
    const time = Math.floor(at / 1000 / SPARK_STEP) * SPARK_STEP;
    if (time < this.#time) return;
    if (time > this.#time || this.#points.length === 0) {
      this.#points.push(price);
      if (this.#points.length > SPARK_POINTS) this.#points.shift();
    } else {
      this.#points[this.#points.length - 1] = price;
    }
    this.#time = time;
  }

  /**
   * The line, as the data of an SVG path. The newest point is at the right edge, even with few
   * points.
   */
  path(): string {
    const points = this.#points;
    if (points.length < 2) return "";
    let low = Infinity;
    let high = -Infinity;
    for (const price of points) {
      low = Math.min(low, price);
      high = Math.max(high, price);
    }
    const scale = high === low ? 0 : (SPARK_HEIGHT - 2 * MARGIN) / (high - low);
    const middle = high === low ? SPARK_HEIGHT / 2 : SPARK_HEIGHT - MARGIN;
    let path = "";
    for (const [index, price] of points.entries()) {
      const x = (SPARK_WIDTH * (1 - (points.length - 1 - index) / (SPARK_POINTS - 1))).toFixed(1);
      path += `${index === 0 ? "M" : "L"}${x} ${(middle - (price - low) * scale).toFixed(1)}`;
    }
    return path;
  }
}
