/** Words that have a plainer one. */
export declare const BANNED: RegExp;
