import { HubError } from "../../../core/errors.ts";
import { afterThisTurn } from "../../../core/scheduler.ts";
import { FileInPlace, filesAbsent } from "../files/file-in-place.ts";

/**
 * Whether an open log can be used. A log whose files are elsewhere can be used once they are back.
 */
export class Condition {
  readonly #directory: string;
  readonly #listeners = new Set<() => void>();
  #identity: FileInPlace | undefined;
  #segment: FileInPlace | undefined;
  #damage: HubError | undefined;
  #absence: HubError | undefined;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Takes the present file for the log's identity. No segment is watched from now on. */
  watchIdentity(path: string): void {
    this.#identity = new FileInPlace(path);
    this.#segment = undefined;
  }

  /** Takes the present file for the active segment. */
  watchSegment(path: string): void {
    this.#segment = new FileInPlace(path);
  }

  /**
   * Why nothing can be read or appended. The cause tells the operator what to do. Undefined while
   * the log works.
   */
  get failure(): HubError | undefined {
    return this.#damage ?? this.#absence;
  }

  /** Calls back when {@link failure} comes or goes. @returns Stops watching. */
  watch(onChanged: () => void): () => void {
    this.#listeners.add(onChanged);
    return () => void this.#listeners.delete(onChanged);
  }

  /** Checks whether the files are still there. Costs a few microseconds. */
  look(): HubError | undefined {
    const why = this.#identity?.whyOther() ?? this.#segment?.whyOther();
    // A directory that is removed and then replaced is told of once.
    if ((why === undefined) !== (this.#absence === undefined)) {
      this.#absence = why === undefined ? undefined : filesAbsent(this.#directory, why);
      this.#tell();
    }
    return this.failure;
  }

  /** Notes that flushed records are gone, so that the log can't be used until it is opened again. */
  damage(why: string): HubError {
    this.#damage ??= damagedWhileOpen(this.#directory, why);
    this.#tell();
    return this.#damage;
  }

  /** Not now: the caller may be in the middle of a delivery. */
  #tell(): void {
    afterThisTurn(() => {
      for (const onChanged of this.#listeners) onChanged();
    });
  }
}

function damagedWhileOpen(directory: string, why: string): HubError {
  return new HubError("journal_unavailable", "The journal is damaged. Nothing is published until the operator has repaired it.", {
    cause: new Error(`The journal in ${directory} is damaged: ${why}. Restart the hub: the start says what is wrong and what to do.`),
  });
}
