/* Streams that are compressed: each subscriber decodes its own, as a browser does. Compiled without zlib, it says so. */
#include "load.h"

#include <string.h>

#ifdef WITH_ZLIB
#include <zlib.h>

void check_gzip(struct subscriber *subscriber) {
  if (!strcasestr(subscriber->head, "\r\nContent-Encoding: gzip")) fail("gzip was asked for and not given:\n%s", subscriber->head);
  subscriber->chunked = strcasestr(subscriber->head, "\r\nTransfer-Encoding: chunked") != NULL;
}

/* Takes what is compressed out of its chunks, in place. A chunk is a size in hexadecimal, CRLF, the bytes, CRLF. */
static size_t unchunk(struct subscriber *subscriber, char *bytes, size_t length) {
  size_t kept = 0;
  for (size_t i = 0; i < length;) {
    if (subscriber->chunk_left > 0) {
      size_t taken = length - i < subscriber->chunk_left ? length - i : subscriber->chunk_left;
      memmove(bytes + kept, bytes + i, taken);
      kept += taken;
      i += taken;
      subscriber->chunk_left -= taken;
      subscriber->chunk_size = 0;
      continue;
    }
    char c = bytes[i++];
    if (c == '\n') {
      subscriber->chunk_left = subscriber->chunk_size;
      continue;
    }
    const char *digits = "0123456789abcdef", *digit = strchr(digits, c | 0x20);
    if (c != '\r' && (!c || !digit)) fail("a chunk's size is broken");
    if (c != '\r') subscriber->chunk_size = subscriber->chunk_size * 16 + (size_t)(digit - digits);
  }
  return kept;
}

void read_gzip(struct subscriber *subscriber, char *bytes, size_t length, uint64_t at) {
  if (subscriber->chunked) length = unchunk(subscriber, bytes, length);
  static char plain[TOKEN_LENGTH + READ_SIZE];
  z_stream *stream = subscriber->inflater;
  if (!stream) {
    stream = subscriber->inflater = allocate(1, sizeof *stream);
    if (inflateInit2(stream, 16 + MAX_WBITS) != Z_OK) fail("zlib: out of memory");
  }
  stream->next_in = (Bytef *)bytes;
  stream->avail_in = (uInt)length;
  do {
    stream->next_out = (Bytef *)plain + TOKEN_LENGTH;
    stream->avail_out = READ_SIZE;
    int status = inflate(stream, Z_SYNC_FLUSH);
    if (status != Z_OK && status != Z_BUF_ERROR) fail("a compressed stream is broken: %s", stream->msg ? stream->msg : "it ended");
    size_t made = READ_SIZE - stream->avail_out;
    if (made > 0) count_updates(subscriber, plain + TOKEN_LENGTH, made, at);
  } while (stream->avail_out == 0);
}

#else

void check_gzip(struct subscriber *subscriber) { fail("the load generator was built without zlib"); }

void read_gzip(struct subscriber *subscriber, char *bytes, size_t length, uint64_t at) { check_gzip(subscriber); }

#endif
