/** @returns The exact version of a package that the application `name` is tested with. */
export function pinnedVersion(name: string, packageName: string): string;

/**
 * @returns The folder `node_modules` with a framework's packages, and with the hub of this repository.
 * @throws If they are not installed.
 */
export function packagesOf(name: string): string;

/**
 * Installs the frameworks of `test/frameworks/apps` from the npm registry, as far as they are not there.
 *
 * @throws If one can't be installed.
 */
export function installFrameworks(): Promise<void>;
