import {
  chmodSync,
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * Longest path of a socket that all systems take, in bytes: 103 on macOS, 107 on Linux. Node
 * silently cuts a longer path off.
 */
const MAX_PATH_BYTES = 103;
const NAME = /^writer-([1-9]\d{0,14})$/;
/** Content of the file that a writer leaves behind. */
const RETIRED = "closed\n";
/** The longest name of a socket. */
const NAME_BYTES = "/writer-".length + 15;
/** Error codes of a filesystem that holds no sockets. */
const NO_SOCKETS: ReadonlySet<unknown> = new Set(["EOPNOTSUPP", "ENOTSUP", "EPERM", "EINVAL"]);

/**
 * The numbered sockets of a journal's writers: `writer-N` in the journal's directory.
 *
 * On Linux a path leads through the descriptor of the directory. So the path is short, and a
 * directory that was moved away keeps its sockets. Node removes the path of a closed server, and
 * must not remove the socket of a journal that has taken the place of the first.
 *
 * If the filesystem holds no sockets, they are in a private directory for temporary files. A plain
 * file `writer-N` in the journal's directory then stands for each.
 */
export class SocketPlace {
  readonly #directory: string;
  readonly #fd: number;
  /** Directory of the sockets, as a path that is short enough. Undefined: not in the journal's. */
  #inside: string | undefined;
  #beside: string | undefined;

  /**
   * @param directory - An existing directory.
   * @throws Error if the directory can't be opened, or no place for sockets is safe.
   */
  constructor(directory: string) {
    this.#directory = directory;
    this.#fd = openSync(directory, "r");
    try {
      const byDescriptor = `/proc/self/fd/${this.#fd}`;
      if (process.platform === "linux" && existsSync(byDescriptor)) this.#inside = byDescriptor;
      else if (Buffer.byteLength(directory) + NAME_BYTES <= MAX_PATH_BYTES) this.#inside = directory;
      else this.goBeside();
    } catch (error) {
      closeSync(this.#fd);
      throw error;
    }
  }

  /** Whether the sockets are outside the journal's directory. */
  get isBeside(): boolean {
    return this.#inside === undefined;
  }

  /** Path of a socket, short enough to be bound and connected to. */
  pathOf(number: number): string {
    return join(this.#inside ?? (this.#beside as string), nameOf(number));
  }

  /** Path of the file in the journal's directory that stands for a socket, or is the socket. */
  claimOf(number: number): string {
    return join(this.#journal, nameOf(number));
  }

  /** The numbers of all sockets and claims, falling. @throws Error if the directory is gone. */
  numbers(): readonly number[] {
    const names = new Set([...readdirSync(this.#journal), ...(this.#beside === undefined ? [] : readdirSync(this.#beside))]);
    const numbers: number[] = [];
    for (const name of names) {
      const [, digits] = NAME.exec(name) ?? [];
      if (digits !== undefined) numbers.push(Number(digits));
    }
    return numbers.toSorted((a, b) => b - a);
  }

  /**
   * Decides about an error of binding a socket.
   *
   * @returns Whether to try again, since the sockets are now in another directory.
   */
  movesAfter(error: unknown): boolean {
    if (this.isBeside || !(error instanceof Error) || !NO_SOCKETS.has(Reflect.get(error, "code"))) return false;
    this.goBeside();
    return true;
  }

  /** @throws Error if the directory for temporary files is not safe. */
  goBeside(): void {
    const { dev, ino } = statSync(this.#directory, { bigint: true });
    const name = `artesian-log-${process.getuid?.() ?? 0}-${dev}-${ino}`;
    const root = Buffer.byteLength(join(tmpdir(), name)) + NAME_BYTES <= MAX_PATH_BYTES ? tmpdir() : "/tmp";
    this.#beside = privateDirectory(join(root, name));
    this.#inside = undefined;
  }

  /**
   * Claims a number in the journal's directory, if the sockets are elsewhere.
   *
   * @returns False if another process has the number, as one whose temporary files are elsewhere.
   */
  claim(number: number): boolean {
    return !this.isBeside || this.#mark(number, "");
  }

  /**
   * Keeps the numbers rising after the last socket is closed, by a plain file with the next number.
   * A process that was suspended in an election must find its number too low.
   */
  retire(number: number): void {
    this.#mark(number + 1, RETIRED);
  }

  /** Tells whether a number was left behind by a writer that closed the journal. */
  isRetired(number: number): boolean {
    try {
      const path = this.claimOf(number);
      return lstatSync(path).isFile() && readFileSync(path, "utf8") === RETIRED;
    } catch {
      return false;
    }
  }

  /** Removes the sockets and claims below a number. */
  removeBelow(number: number): void {
    for (const lower of this.numbers()) {
      if (lower < number) this.remove(lower);
    }
  }

  /** Removes a socket and its claim. */
  remove(number: number): void {
    for (const path of new Set([this.claimOf(number), this.pathOf(number)])) rmSync(path, { force: true });
  }

  close(): void {
    closeSync(this.#fd);
    if (this.#beside === undefined) return;
    try {
      rmdirSync(this.#beside);
    } catch {
      // Another process has a socket there.
    }
  }

  get #journal(): string {
    return this.#inside ?? this.#directory;
  }

  #mark(number: number, text: string): boolean {
    try {
      writeFileSync(this.claimOf(number), text, { flag: "wx", mode: 0o600 });
      return true;
    } catch {
      return false;
    }
  }
}

function nameOf(number: number): string {
  return `writer-${number}`;
}

/** Makes or takes a directory that only this user may enter. @throws Error if it is another's. */
function privateDirectory(path: string): string {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if (!(error instanceof Error) || Reflect.get(error, "code") !== "EEXIST") throw error;
  }
  const found = lstatSync(path);
  if (!found.isDirectory() || (process.getuid !== undefined && found.uid !== process.getuid())) {
    throw new Error(`${path} is not a directory of this user. Remove it, or name another place for temporary files by TMPDIR.`);
  }
  if ((found.mode & 0o077) !== 0) chmodSync(path, 0o700);
  return path;
}
