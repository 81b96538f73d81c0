import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, openSync, closeSync, rmSync, statfsSync, writeSync, ftruncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { atEnd } from "./cleanup.ts";
import { until } from "./clock.ts";
import { NotRun } from "./scenario.ts";

const UNMOUNT_MS = 10_000;
/** EXT4_IOC_SHUTDOWN with "no log flush": what is not on the device by now is never written to it. Perl, since Node has no ioctl. */
const SHUTDOWN = String.raw`use Fcntl; sysopen(my $file, $ARGV[0], O_RDONLY) or die "$!\n"; my $flags = pack("L", 2); ioctl($file, 0x8004587d, $flags) or die "$!\n";`;

/** A filesystem of its own for a server's data, in a file or in memory. Needs root. */
export class Filesystem {
  /** Where it is mounted. */
  readonly path: string;
  readonly #kind: "ext4" | "tmpfs";
  readonly #image: string;
  readonly #mebibytes: number;
  readonly #remove: () => void;
  #isMounted = false;

  private constructor(kind: "ext4" | "tmpfs", mebibytes: number) {
    const directory = mkdtempSync(join(tmpdir(), "artesian-faults-fs-"));
    this.#kind = kind;
    this.#mebibytes = mebibytes;
    this.#image = join(directory, "image");
    this.path = join(directory, "mounted");
    mkdirSync(this.path);
    this.#remove = atEnd(() => {
      // Whoever still has files open there must not keep it.
      if (this.#isMounted) execFileSync("umount", ["--lazy", this.path], { stdio: "ignore" });
      rmSync(directory, { recursive: true, force: true });
    });
  }

  /** @throws NotRun where the system lets nobody mount. */
  static create(kind: "ext4" | "tmpfs", mebibytes: number): Filesystem {
    const filesystem = new Filesystem(kind, mebibytes);
    try {
      if (kind === "ext4") {
        const image = openSync(filesystem.#image, "w");
        ftruncateSync(image, mebibytes * 2 ** 20);
        closeSync(image);
        run("mkfs.ext4", "-q", "-F", "-m", "0", "-E", "lazy_itable_init=0,lazy_journal_init=0", filesystem.#image);
      }
      filesystem.mount();
    } catch (error) {
      filesystem.#remove();
      throw new NotRun(`no filesystem can be mounted: ${error instanceof Error ? error.message : String(error)}`);
    }
    return filesystem;
  }

  mount(): void {
    if (this.#kind === "tmpfs") run("mount", "-t", "tmpfs", "-o", `size=${this.#mebibytes}m`, "none", this.path);
    else run("mount", "-o", "loop,noatime", this.#image, this.path);
    this.#isMounted = true;
  }

  /** Waits until nobody uses it any more. */
  async unmount(): Promise<void> {
    await until(UNMOUNT_MS, `unmounting ${this.path}`, () => spawnSync("umount", [this.path]).status === 0);
    this.#isMounted = false;
  }

  /**
   * What a power cut does to an ext4 filesystem: from this moment on, nothing reaches its device, neither what is written from now on nor what the
   * system has not written yet. It has to be unmounted and mounted, and then looks as after a restart.
   */
  cut(): void {
    run("perl", "-e", SHUTDOWN, this.path);
  }

  /** Takes all the space that is left. @returns Gives it back. */
  fill(): () => void {
    const ballast = join(this.path, "ballast");
    const file = openSync(ballast, "w");
    const { bsize } = statfsSync(this.path);
    for (let bytes = 2 ** 20; bytes >= bsize;) {
      try {
        if (writeSync(file, Buffer.alloc(bytes)) < bytes) bytes /= 2;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
        bytes /= 2;
      }
    }
    closeSync(file);
    return () => rmSync(ballast, { force: true });
  }

  /** Lets go of everything. */
  async close(): Promise<void> {
    if (this.#isMounted) await this.unmount();
    this.#remove();
  }
}

function run(command: string, ...args: readonly string[]): void {
  const { status, stderr, error } = spawnSync(command, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${command}: ${error?.message ?? stderr.trim()}`);
}
