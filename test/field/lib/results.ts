import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Measured } from "./measure.ts";

/** A table of the matrix: what was measured for each row and column. */
export interface Results {
  readonly rows: readonly string[];
  readonly columns: readonly string[];
  readonly cells: Readonly<Record<string, Readonly<Record<string, Measured>>>>;
}

/** Collects a table. `npm run field` names the folder to write the table to. */
export class Table {
  readonly #name: string;
  readonly #rows: readonly string[];
  readonly #columns: readonly string[];
  readonly #cells: Record<string, Record<string, Measured>> = {};

  constructor(name: string, rows: readonly string[], columns: readonly string[]) {
    this.#name = name;
    this.#rows = rows;
    this.#columns = columns;
  }

  set(row: string, column: string, measured: Measured): void {
    (this.#cells[row] ??= {})[column] = measured;
  }

  /** Writes what was collected, if somebody asked for it. */
  write(): void {
    const folder = process.env["ARTESIAN_FIELD_RESULTS"];
    if (folder === undefined) return;
    mkdirSync(folder, { recursive: true });
    const results: Results = { rows: this.#rows, columns: this.#columns, cells: this.#cells };
    writeFileSync(join(folder, `${this.#name}.json`), JSON.stringify(results));
  }
}
