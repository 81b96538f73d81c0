/** Major versions of Node that the tests run on. */
export const MAJORS: readonly number[];

/** @returns The path of a major version's binary. @throws If the binary is not installed. */
export function nodeBinary(major: number): string;

/** @returns The path of Bun's binary. @throws If the binary is not installed. */
export function bunBinary(): string;

/** @returns The path of Deno's binary. @throws If the binary is not installed. */
export function denoBinary(): string;

/**
 * Installs the newest version of each major of Node from the npm registry. Without the registry, an older one that is there is kept.
 *
 * @throws If a major can't be installed and none is there.
 */
export function installNodes(): Promise<void>;

/** Installs as {@link installNodes}, and Bun and Deno too. */
export function installRuntimes(): Promise<void>;
