/** A picture of one pixel. */
export const GIF: Buffer = Buffer.from("R0lGODlhAQABAIAAAP///wAAACwAAAAAAQABAAACAkQBADs=", "base64");
