import { join } from "node:path";
import { HubError } from "../../core/errors.ts";
import { afterThisTurn, monotonicMs } from "../../core/scheduler.ts";
import { FilesInPlace, filesAbsent } from "../shared/files-in-place.ts";
import { isDamage, isDoubtful } from "./failure.ts";
import { findDamage } from "./tree-check.ts";

/** The files that each process of a journal has open: the data, and the locks shared by all. */
const NAMES = ["data.mdb", "lock.mdb"] as const;

/** Shortest time between two checks of the whole file, in milliseconds. */
const LOOK_MS = 60_000;

/**
 * Whether an open journal can be used. A journal with a damaged file can't be until it is opened
 * again. A journal whose files are elsewhere can be once they are back.
 */
export class Condition {
  readonly #directory: string;
  readonly #files: FilesInPlace;
  readonly #onDamage: () => void;
  readonly #listeners = new Set<() => void>();
  #damage: HubError | undefined;
  #nextLookAtMs = 0;
  #absence: HubError | undefined;
  /** Why the files count as others, or undefined if they do not. */
  #why: string | undefined;

  /** @param onDamage - Called once, when the file turns out to be damaged. */
  constructor(directory: string, onDamage: () => void) {
    this.#directory = directory;
    this.#files = new FilesInPlace(NAMES.map((name) => join(directory, name)));
    this.#onDamage = onDamage;
  }

  /**
   * Why nothing can be read or appended. The cause tells the operator what to do. Undefined while
   * the journal works.
   */
  get failure(): HubError | undefined {
    return this.#damage ?? this.#absence;
  }

  /** Calls back when {@link failure} comes or goes. @returns Stops watching. */
  watch(onChanged: () => void): () => void {
    this.#listeners.add(onChanged);
    return () => void this.#listeners.delete(onChanged);
  }

  /** @throws HubError `journal_unavailable` if the journal can't be used. */
  check(): void {
    if (this.failure !== undefined) throw this.failure;
  }

  /** Checks whether the files are still there. Costs a few microseconds. */
  look(): void {
    const why = this.#files.whyOther();
    if (why === this.#why) return;
    this.#why = why;
    this.#absence = why === undefined ? undefined : filesAbsent(this.#directory, why);
    this.#tell();
  }

  /**
   * Finds out whether an error of the store comes from damage, and remembers the damage. A doubtful
   * error leads to a check of the whole file, which takes about a second for each GiB.
   *
   * @returns The error to throw instead, or undefined if the error has another cause.
   */
  damageIn(error: unknown): HubError | undefined {
    if (this.#damage !== undefined) return this.#damage;
    const why = isDamage(error) ? error.message : isDoubtful(error) ? this.#lookAtFile() : undefined;
    if (why === undefined) return undefined;
    this.#damage = damagedWhileOpen(this.#directory, why, error);
    this.#onDamage();
    this.#tell();
    return this.#damage;
  }

  /** Checks once a minute at the most. */
  #lookAtFile(): string | undefined {
    const now = monotonicMs();
    if (now < this.#nextLookAtMs) return undefined;
    this.#nextLookAtMs = now + LOOK_MS;
    try {
      return findDamage(join(this.#directory, "data.mdb"));
    } catch {
      return undefined; // A file that can't be opened causes other errors.
    }
  }

  /** Not now: the caller may be in the middle of a delivery. */
  #tell(): void {
    afterThisTurn(() => {
      for (const onChanged of this.#listeners) onChanged();
    });
  }
}

function damagedWhileOpen(directory: string, why: string, error: unknown): HubError {
  return new HubError("journal_unavailable", "The journal is damaged. Nothing is published until the operator has repaired it.", {
    cause: new Error(
      `The journal in ${directory} is damaged: ${why}. Restart the hub: the start looks at the whole file, and says what is wrong and what to do.`,
      { cause: error },
    ),
  });
}
