/** Receives reports that the hub's users do not see. `pino` fits as it is. */
export interface Logger {
  debug(fields: object, text: string): void;
  info(fields: object, text: string): void;
  warn(fields: object, text: string): void;
  error(fields: object, text: string): void;
}

const ignore = (): void => undefined;

/** Reports nothing. */
export const SILENT: Logger = { debug: ignore, info: ignore, warn: ignore, error: ignore };
