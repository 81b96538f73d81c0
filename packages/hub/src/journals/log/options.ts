import type { Retention } from "../../core/journal/journal.ts";
import type { PeerBus } from "../../core/journal/peers.ts";
import { namesOf } from "../../core/names.ts";

/** Options of a log journal. */
export interface LogJournalOptions {
  /** Directory of the journal's files, made if it does not exist. Must be on a local disk. */
  readonly directory: string;
  /**
   * Default: 1,000,000 records, 1 GiB of them, 7 days. The process that writes the journal applies
   * its own retention.
   */
  readonly retention?: Retention | undefined;
  /**
   * Carries questions between the processes of the journal: who holds a stream, and figures. Default:
   * no questions, so each process knows its own streams alone.
   */
  readonly bus?: PeerBus | undefined;
  /**
   * File that notes how far the journal has come, so that older data in its place are noticed. Put
   * the file outside of what a copy of the directory includes. If the file can't be written, less
   * is noticed. Default: `mark` in the directory.
   */
  readonly markFile?: string | undefined;
  /**
   * Called at the opening with a description if the data were restored, from a backup for example.
   * The journal has begun a new epoch, so that subscribers are told of a gap. Default: a warning of
   * the process.
   */
  readonly onPutBack?: ((what: string) => void) | undefined;
  /**
   * Called with a description if read data differ from the written data, as after an error of the
   * disk. The record is delivered to nobody, and subscribers are told of a gap in its place.
   * Default: a warning of the process.
   */
  readonly onDamage?: ((what: string) => void) | undefined;
  /**
   * The required epoch, for a process that joins others. No new journal is begun if the directory
   * was removed, and a journal that has taken its place is refused. Default: the existing journal,
   * or an empty one.
   */
  readonly epoch?: string | undefined;
}

/** Names of the options. */
export const OPTIONS: ReadonlySet<string> = namesOf<LogJournalOptions>({
  directory: true,
  retention: true,
  bus: true,
  onDamage: true,
  markFile: true,
  onPutBack: true,
  epoch: true,
});
