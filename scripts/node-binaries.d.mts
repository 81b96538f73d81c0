/** Major versions of Node that the tests run on. */
export const MAJORS: readonly number[];

/** @returns The path of a major version's binary. @throws If the binary is not installed. */
export function nodeBinary(major: number): string;

/**
 * Installs the newest version of each major from the npm registry. Without the registry, an older one that is there is kept.
 *
 * @throws If a major can't be installed and none is there.
 */
export function installNodes(): Promise<void>;
