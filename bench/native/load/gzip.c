/* Streams that are compressed: each subscriber decodes its own, as a browser does. Compiled without zlib, it says so. */
#include "load.h"

#include <string.h>

#ifdef WITH_ZLIB
#include <zlib.h>

void check_gzip(const char *head) {
  if (!strcasestr(head, "\r\nContent-Encoding: gzip")) fail("gzip was asked for and not given:\n%s", head);
  if (strcasestr(head, "\r\nTransfer-Encoding:")) fail("gzip in chunks is not understood:\n%s", head);
}

void read_gzip(struct subscriber *subscriber, const char *bytes, size_t length, uint64_t at) {
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

void check_gzip(const char *head) { fail("the load generator was built without zlib"); }

void read_gzip(struct subscriber *subscriber, const char *bytes, size_t length, uint64_t at) { check_gzip(bytes); }

#endif
