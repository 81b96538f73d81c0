export const PUBLISHED: readonly string[];
export function packAll(folder: string): readonly { readonly name: string; readonly file: string; readonly unpackedSize: number }[];
