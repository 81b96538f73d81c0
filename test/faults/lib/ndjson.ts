import { closeSync, openSync, readSync, writeSync } from "node:fs";

const FLUSH_AT = 64 * 1024;

/** A file of JSON lines that is written as things happen. */
export interface LineLog {
  write(value: object): void;
  /** Writes what is held back, so that others can read it. */
  flush(): void;
  close(): void;
}

export function createLineLog(file: string): LineLog {
  const fd = openSync(file, "a");
  let text = "";
  const flush = (): void => {
    if (text !== "") writeSync(fd, text);
    text = "";
  };
  return {
    write: (value) => {
      text += `${JSON.stringify(value)}\n`;
      if (text.length >= FLUSH_AT) flush();
    },
    flush,
    close: () => {
      flush();
      closeSync(fd);
    },
  };
}

/** The lines of a file, one after the other: it may be larger than a string can be. A line that is not whole is left out. */
export function* readLines<T>(file: string): Generator<T, void> {
  const fd = openSync(file, "r");
  try {
    const chunk = Buffer.alloc(1024 * 1024);
    let rest: Buffer = Buffer.alloc(0);
    for (;;) {
      const size = readSync(fd, chunk);
      if (size === 0) return;
      const bytes = Buffer.concat([rest, chunk.subarray(0, size)]);
      const end = bytes.lastIndexOf(0x0a) + 1;
      for (const line of bytes.toString("utf8", 0, end).split("\n")) if (line !== "") yield JSON.parse(line) as T;
      rest = bytes.subarray(end);
    }
  } finally {
    closeSync(fd);
  }
}
