import type { SettingRow } from "../packages/hub/src/cli/config/describe.ts";

/** Brings the rows of the page of settings up to date. */
export function configurationPage(page: string, rows: readonly SettingRow[]): string;
