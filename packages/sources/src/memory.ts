import { open, readFile, rename, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { makeDirectory } from "artesian/parts";
import { bounded } from "./bounds.ts";
import { SourceError, type SourceMemory } from "./source.ts";

/** The bound of a memory. */
export interface MemoryOptions {
  /** Most bytes of all keys and values, in UTF-8. Beyond this, `set` rejects. Default 16 MiB. */
  readonly maxBytes?: number | undefined;
}

/** A memory that ends with the process. */
export function volatileMemory(options: MemoryOptions = {}): SourceMemory {
  const store = createStore(options);
  return {
    get: (key) => Promise.resolve(store.values.get(key)),
    set: (key, value) => Promise.resolve().then(() => store.set(key, value)),
  };
}

/**
 * A memory in one JSON file, which only its owner may read. A change is written to a new file that
 * replaces the old file, so one of the two is whole after a crash. For one process at a time.
 *
 * @param path - Missing folders are made.
 * @throws SourceError, from its functions, when the file can't be read or written, or is no memory.
 */
export function fileMemory(path: string, options: MemoryOptions = {}): SourceMemory {
  const store = createStore(options);
  let loaded: Promise<void> | undefined;
  const load = (): Promise<void> => (loaded ??= read(path, store));
  let written = Promise.resolve();
  let waiting: Promise<void> | undefined;
  // Changes during a write share the next write.
  const save = (): Promise<void> => {
    waiting ??= written
      .catch(() => undefined)
      .then(() => {
        waiting = undefined;
        return (written = write(path, JSON.stringify({ artesian: "source-state", values: Object.fromEntries(store.values) })));
      });
    return waiting;
  };
  return {
    async get(key) {
      await load();
      return store.values.get(key);
    },
    async set(key, value) {
      await load();
      store.set(key, value);
      await save();
    },
  };
}

/** A part of a memory that several sources share. */
export function partOf(memory: SourceMemory, name: string): SourceMemory {
  return { get: (key) => memory.get(`${name}/${key}`), set: (key, value) => memory.set(`${name}/${key}`, value) };
}

interface Store {
  readonly values: Map<string, string>;
  readonly maxBytes: number;
  set(key: string, value: string | undefined): void;
}

function createStore(options: MemoryOptions): Store {
  const maxBytes = bounded("maxBytes", options.maxBytes, { fallback: 16 * 2 ** 20, min: 1, max: 2 ** 29 });
  const values = new Map<string, string>();
  let bytes = 0;
  const sizeOf = (key: string): number => {
    const value = values.get(key);
    return value === undefined ? 0 : Buffer.byteLength(key) + Buffer.byteLength(value);
  };
  return {
    values,
    maxBytes,
    set(key, value) {
      const rest = bytes - sizeOf(key);
      const now = value === undefined ? rest : rest + Buffer.byteLength(key) + Buffer.byteLength(value);
      if (now > maxBytes && now > bytes) {
        throw new SourceError(`The state would be larger than ${maxBytes} bytes. Follow fewer things with it, or raise maxBytes.`);
      }
      if (value === undefined) values.delete(key);
      else values.set(key, value);
      bytes = now;
    },
  };
}

async function read(path: string, store: Store): Promise<void> {
  let text: string;
  try {
    // JSON may take six bytes for one. A larger file is no state file of ours.
    const { size } = await stat(path);
    if (size > 6 * store.maxBytes + 1024) throw new SourceError(`${path}: the file is too large for a state file. Name another one.`);
    text = await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof SourceError) throw error;
    if (codeOf(error) === "ENOENT") return;
    throw new SourceError(`${path}: the state cannot be read (${codeOf(error)}).`, { cause: error });
  }
  for (const [key, value] of Object.entries(valuesIn(text, path))) {
    if (typeof value === "string") store.set(key, value);
  }
}

function valuesIn(text: string, path: string): object {
  try {
    const state: unknown = JSON.parse(text);
    if (typeof state === "object" && state !== null && Reflect.get(state, "artesian") === "source-state") {
      const values: unknown = Reflect.get(state, "values");
      if (typeof values === "object" && values !== null) return values;
    }
  } catch {
    // Same as JSON of another shape. The file is not ours to overwrite.
  }
  throw new SourceError(`${path}: this is not a state file. Name another one, or delete it to start over.`);
}

async function write(path: string, text: string): Promise<void> {
  const temporary = `${path}.tmp`;
  try {
    makeDirectory(dirname(path));
    const file = await open(temporary, "w", 0o600);
    try {
      await file.writeFile(text);
      // Without this, a power cut could leave the new name on an empty file.
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    throw new SourceError(`${path}: the state cannot be written (${codeOf(error)}).`, { cause: error });
  }
}

function codeOf(error: unknown): string {
  const code: unknown = error instanceof Error ? Reflect.get(error, "code") : undefined;
  return typeof code === "string" ? code : String(error);
}
