import type { Retention } from "../../../core/journal/journal.ts";
import type { FileOperations } from "../files/file-operations.ts";
import type { Condition } from "./condition.ts";
import type { RecoveryOptions } from "./recovery.ts";

/** Options of `LogStore.open`. */
export interface LogStoreOptions extends Omit<RecoveryOptions, "files" | "segmentBytes"> {
  /** Default: 1,000,000 records, 1 GiB of them, 7 days. */
  readonly retention?: Retention | undefined;
  /** Length that a segment should not exceed, in bytes. Default: by the retention, at most 64 MiB. */
  readonly segmentBytes?: number | undefined;
  /** Of a process that may have been a follower before. Default: a new one. */
  readonly condition?: Condition | undefined;
  /** For tests that make operations fail. */
  readonly files?: FileOperations | undefined;
  /**
   * Whether the writer before may be suspended, and go on later. The first append then begins a file
   * that the other does not have open. Default: false.
   */
  readonly isTakeover?: boolean | undefined;
  /** Whether another process may write the log now. Nothing is written any more then. Default: never. */
  readonly isDeposed?: (() => boolean) | undefined;
}
