/*
 * Socket.IO over WebSocket: as much of RFC 6455, Engine.IO 4 and Socket.IO 5 as a subscriber needs. Compression is not
 * offered. Frames to the server are masked, as they must be, with a mask of zeros, which changes nothing.
 *
 *   server: 0{"sid":…}          Engine.IO is open             client: 40 or 40{"pid":…,"offset":…}   joins, or resumes
 *   server: 40{"sid":…,"pid":…} joined                        server: 42["update","…"]               an event
 *   server: 2                   heartbeat                     client: 3
 */
#include "load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct frame {
  uint8_t head[10];
  uint8_t head_length;
  bool at_start; /* none of its payload was read */
  bool inside;
  uint64_t length, left;
};

enum { TEXT_FRAME = 0x81, MASKED = 0x80, TWO_BYTES = 126, EIGHT_BYTES = 127 };

void write_handshake(struct text *request) {
  /* Any 16 bytes will do as the key; the answer to it is not checked. */
  append(request, "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                  "Sec-WebSocket-Key: YXJ0ZXNpYW4tYmVuY2htaw==\r\n");
}

static void send_text(struct subscriber *subscriber, const char *payload) {
  static uint8_t frame[2048];
  size_t length = strlen(payload), at = 0;
  if (length > sizeof frame - 8) fail("a packet for Socket.IO is too long");
  frame[at++] = TEXT_FRAME;
  if (length < TWO_BYTES) {
    frame[at++] = (uint8_t)(MASKED | length);
  } else {
    frame[at++] = MASKED | TWO_BYTES;
    frame[at++] = (uint8_t)(length >> 8);
    frame[at++] = (uint8_t)length;
  }
  memset(frame + at, 0, 4);
  memcpy(frame + at + 4, payload, length);
  bytes_sent += send_request(subscriber->fd, (const char *)frame, at + 4 + length);
}

static void join(struct subscriber *subscriber) {
  static struct text packet;
  packet.length = 0;
  append(&packet, "40");
  if (subscriber->session && subscriber->resume) {
    append(&packet, "{\"pid\":\"%s\",\"offset\":\"%s\"}", subscriber->session, subscriber->resume);
  }
  send_text(subscriber, packet.bytes);
}

/* A whole packet that came before the handshake was over. */
static void read_packet(struct subscriber *subscriber, uint64_t at) {
  static char event[TOKEN_LENGTH + HEAD_MAX + 1];
  const char *packet = subscriber->head;
  if (packet[0] == '0') {
    join(subscriber);
  } else if (!strncmp(packet, "40", 2)) {
    const char *pid = strstr(packet, "\"pid\":\"");
    if (options.mode == HERD && !subscriber->session) {
      if (!pid) fail("Socket.IO keeps no sessions: %s", packet);
      subscriber->session = strndup(pid + 7, strcspn(pid + 7, "\""));
    }
    become_open(subscriber, at);
  } else if (!strncmp(packet, "42", 2)) {
    /* What was missed comes before the answer to joining. */
    memcpy(event + TOKEN_LENGTH, packet, subscriber->head_length);
    count_updates(subscriber, event + TOKEN_LENGTH, subscriber->head_length, at);
  } else {
    fail("Socket.IO refused a subscriber: %s", packet);
  }
}

static void read_payload(struct subscriber *subscriber, char *bytes, size_t length, uint64_t at) {
  struct frame *frame = subscriber->frame;
  bool first = frame->at_start;
  frame->at_start = false;
  if (!subscriber->open) {
    if (subscriber->head_length + length > HEAD_MAX) fail("a packet of Socket.IO is longer than %d bytes", HEAD_MAX);
    memcpy(subscriber->head + subscriber->head_length, bytes, length);
    subscriber->head_length += length;
    subscriber->head[subscriber->head_length] = '\0';
    if (frame->left > 0) return;
    read_packet(subscriber, at);
    subscriber->head_length = 0;
  } else if (first && frame->length == 1 && bytes[0] == '2') {
    send_text(subscriber, "3");
  } else {
    count_updates(subscriber, bytes, length, at);
  }
}

/* The bytes of a frame's head that are still needed; its length is known once there are none. */
static size_t missing_of_head(struct frame *frame) {
  const uint8_t *head = frame->head;
  size_t needed = 2;
  if (frame->head_length >= 2) needed += (head[1] & 127) == TWO_BYTES ? 2 : (head[1] & 127) == EIGHT_BYTES ? 8 : 0;
  if (frame->head_length < needed) return needed - frame->head_length;
  frame->length = head[1] & 127;
  if (needed > 2) {
    frame->length = 0;
    for (size_t i = 2; i < needed; i++) frame->length = frame->length << 8 | head[i];
  }
  return 0;
}

void read_frames(struct subscriber *subscriber, char *bytes, size_t length, uint64_t at) {
  if (!subscriber->frame) subscriber->frame = allocate(1, sizeof *subscriber->frame);
  struct frame *frame = subscriber->frame;
  for (char *end = bytes + length; bytes < end;) {
    if (!frame->inside) {
      frame->head[frame->head_length++] = (uint8_t)*bytes++;
      if (missing_of_head(frame) > 0) continue;
      if (frame->head[0] != TEXT_FRAME) fail("the server sent a WebSocket frame that is no whole text: it begins with %02x", frame->head[0]);
      frame->left = frame->length;
      frame->head_length = 0;
      frame->inside = frame->left > 0;
      frame->at_start = true;
      continue;
    }
    size_t taken = (uint64_t)(end - bytes) < frame->left ? (size_t)(end - bytes) : (size_t)frame->left;
    frame->left -= taken;
    frame->inside = frame->left > 0;
    read_payload(subscriber, bytes, taken, at);
    bytes += taken;
  }
}

void forget_frames(struct subscriber *subscriber) {
  free(subscriber->frame);
  subscriber->frame = NULL;
}
