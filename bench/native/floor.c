/*
 * The floor: the least that a server on this machine can do to deliver an update with one write per subscriber.
 *
 * It is what the other servers are measured against, not a server to use. It takes a POST, builds the event once
 * and writes it to every subscriber; it keeps no history, matches no topic and checks nothing that it need not.
 * What remains is almost only the kernel's own work for a TCP write, so "1.5 times the floor" tells how much a
 * server adds to what nobody can avoid.
 *
 *   floor [PORT [FILE]]   0 or none: any free port. Prints "listening on http://127.0.0.1:PORT".
 *   GET  (any path)   becomes a subscriber.
 *   POST (any path)   a form body; what follows "data=" is sent as it is, without percent-decoding.
 *
 * With a FILE, an update is on disk before it is delivered and answered: the least that a durable server can do. All
 * updates that came meanwhile are one group: one write of records with length, checksum, number and time, and one
 * fdatasync. The file is written full of zeros first, so that no flush changes its metadata, and begun again at its end.
 *
 * It has no queue: a subscriber whose socket is full ends the program, so that a figure can never
 * come from deliveries that did not happen.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { REQUEST_MAX = 16 * 1024, EVENTS_AT_ONCE = 512, BACKLOG = 4096, SEGMENT = 64 << 20, GROUP_MAX = 1 << 20 };

struct connection {
  int fd;
  bool subscribed;
  size_t slot;   /* its place in `subscribers` while subscribed */
  size_t length; /* bytes of an incomplete request */
  char request[REQUEST_MAX + 1];
};

static struct connection **subscribers;
static size_t subscriber_count;
static size_t subscriber_capacity;

static void die(const char *what) {
  fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
  exit(1);
}

static void die_of(const char *why) {
  fprintf(stderr, "floor: %s\n", why);
  exit(1);
}

static void subscribe(struct connection *connection) {
  if (subscriber_count == subscriber_capacity) {
    subscriber_capacity = subscriber_capacity ? subscriber_capacity * 2 : 1024;
    subscribers = realloc(subscribers, subscriber_capacity * sizeof *subscribers);
    if (!subscribers) die("out of memory");
  }
  connection->subscribed = true;
  connection->slot = subscriber_count;
  subscribers[subscriber_count++] = connection;
}

/* An update of the group: its body within `group`, and who waits for the answer (NULL: gone). */
struct update {
  struct connection *publisher;
  size_t at, length;
};

struct record {
  uint32_t length, checksum;
  uint64_t number, time;
};

static int journal = -1;
static off_t journal_end;
static char group[GROUP_MAX];
static size_t group_length;
static struct update updates[GROUP_MAX / sizeof(struct record)];
static size_t update_count;

static void forget(struct connection *connection) {
  for (size_t i = 0; i < update_count; i++) {
    if (updates[i].publisher == connection) updates[i].publisher = NULL;
  }
  if (connection->subscribed) {
    struct connection *last = subscribers[--subscriber_count];
    subscribers[connection->slot] = last;
    last->slot = connection->slot;
  }
  close(connection->fd);
  free(connection);
}

/* False when the peer has gone; its hang-up then arrives as an event of its own and frees the connection. */
static bool send_all(struct connection *connection, const char *bytes, size_t length) {
  ssize_t sent = send(connection->fd, bytes, length, MSG_NOSIGNAL);
  if (sent == (ssize_t)length) return true;
  if (sent < 0 && (errno == EPIPE || errno == ECONNRESET)) return false;
  die_of("a socket is full, and the floor keeps no queue; use a smaller window");
  return false;
}

static void publish(const char *body, size_t length) {
  static char frame[REQUEST_MAX + 64];
  static uint64_t next_id = 1;
  const char *data = memmem(body, length, "data=", 5);
  if (!data) die_of("a POST has no `data=`");
  data += 5;
  int frame_length = snprintf(frame, sizeof frame, "id: %llu\ndata: %.*s\n\n", (unsigned long long)next_id++,
                              (int)(body + length - data), data);
  for (size_t i = 0; i < subscriber_count; i++) send_all(subscribers[i], frame, (size_t)frame_length);
}

static const char published[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

/* Writes the group to the disk, delivers its updates and answers their publishers. */
static void commit(void) {
  if (update_count == 0) return;
  if (journal_end + (off_t)group_length > SEGMENT) journal_end = 0;
  if (pwrite(journal, group, group_length, journal_end) != (ssize_t)group_length) die("the journal's file");
  if (fdatasync(journal) < 0) die("fdatasync");
  journal_end += (off_t)group_length;
  for (size_t i = 0; i < update_count; i++) {
    publish(group + updates[i].at, updates[i].length);
    if (updates[i].publisher) send_all(updates[i].publisher, published, sizeof published - 1);
  }
  group_length = update_count = 0;
}

static uint32_t crc32c(uint32_t crc, const unsigned char *bytes, size_t length) {
  static uint32_t table[256];
  if (!table[1]) {
    for (uint32_t i = 0; i < 256; i++) {
      table[i] = i;
      for (int bit = 0; bit < 8; bit++) table[i] = table[i] & 1 ? table[i] >> 1 ^ 0x82f63b78 : table[i] >> 1;
    }
  }
  crc = ~crc;
  for (size_t i = 0; i < length; i++) crc = crc >> 8 ^ table[(crc ^ bytes[i]) & 255];
  return ~crc;
}

static void append(struct connection *publisher, const char *body, size_t length) {
  static uint64_t number;
  struct record record = {.length = (uint32_t)length, .number = ++number, .time = (uint64_t)time(NULL)};
  record.checksum = crc32c(crc32c(0, (const void *)&record.number, 16), (const void *)body, length);
  if (group_length + sizeof record + length > GROUP_MAX) commit();
  memcpy(group + group_length, &record, sizeof record);
  memcpy(group + group_length + sizeof record, body, length);
  updates[update_count++] = (struct update){publisher, group_length + sizeof record, length};
  group_length += sizeof record + length;
}

static void open_journal(const char *path) {
  static const char zeros[1 << 20];
  journal = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (journal < 0) die(path);
  for (size_t at = 0; at < SEGMENT; at += sizeof zeros) {
    if (write(journal, zeros, sizeof zeros) != sizeof zeros) die(path);
  }
  if (fsync(journal) < 0) die("fsync");
}

/* Answers one complete request and returns its length; 0 when more bytes are needed. */
static size_t handle_request(struct connection *connection, const char *request, size_t length) {
  static const char stream_head[] = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\n\r\n";
  const char *body = memmem(request, length, "\r\n\r\n", 4);
  if (!body) return 0;
  body += 4;
  size_t head_length = (size_t)(body - request);
  if (strncmp(request, "GET ", 4) == 0) {
    if (send_all(connection, stream_head, sizeof stream_head - 1)) subscribe(connection);
    return head_length;
  }
  if (strncmp(request, "POST ", 5) != 0) die_of("a request is neither GET nor POST");
  const char *field = strcasestr(request, "\r\nContent-Length:");
  if (!field || field >= body) die_of("a POST has no Content-Length");
  size_t body_length = strtoul(field + strlen("\r\nContent-Length:"), NULL, 10);
  if (head_length + body_length > REQUEST_MAX) die_of("a request is too long");
  if (length < head_length + body_length) return 0;
  if (journal >= 0) append(connection, body, body_length);
  else {
    publish(body, body_length);
    send_all(connection, published, sizeof published - 1);
  }
  return head_length + body_length;
}

static void read_connection(struct connection *connection) {
  ssize_t got = recv(connection->fd, connection->request + connection->length, REQUEST_MAX - connection->length, 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) {
    forget(connection);
    return;
  }
  connection->length += (size_t)got;
  connection->request[connection->length] = '\0';
  size_t used = 0;
  while (used < connection->length) {
    size_t request_length = handle_request(connection, connection->request + used, connection->length - used);
    if (request_length == 0) break;
    used += request_length;
  }
  connection->length -= used;
  if (connection->length == REQUEST_MAX) die_of("a request is too long");
  memmove(connection->request, connection->request + used, connection->length);
}

static void accept_connection(int epoll, int listener) {
  int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0) {
    if (errno == EAGAIN || errno == ECONNABORTED || errno == EINTR) return;
    die("accept");
  }
  int on = 1;
  if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) < 0) die("setsockopt");
  struct connection *connection = malloc(sizeof *connection);
  if (!connection) die("out of memory");
  connection->fd = fd;
  connection->subscribed = false;
  connection->length = 0;
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0) die("epoll_ctl");
}

static int listen_on(uint16_t port) {
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (listener < 0) die("socket");
  int on = 1;
  if (setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0) die("setsockopt");
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  if (bind(listener, (struct sockaddr *)&address, size) < 0) die("bind");
  if (listen(listener, BACKLOG) < 0) die("listen");
  if (getsockname(listener, (struct sockaddr *)&address, &size) < 0) die("getsockname");
  printf("listening on http://127.0.0.1:%d\n", ntohs(address.sin_port));
  fflush(stdout);
  return listener;
}

int main(int count, char **arguments) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) < 0) die("getrlimit");
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) < 0) die("setrlimit");

  if (count > 2) open_journal(arguments[2]);
  int listener = listen_on(count > 1 ? (uint16_t)atoi(arguments[1]) : 0);
  int epoll = epoll_create1(EPOLL_CLOEXEC);
  if (epoll < 0) die("epoll_create1");
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL}; /* NULL stands for the listener */
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event) < 0) die("epoll_ctl");

  static struct epoll_event events[EVENTS_AT_ONCE];
  for (;;) {
    int ready = epoll_wait(epoll, events, EVENTS_AT_ONCE, -1);
    if (ready < 0 && errno != EINTR) die("epoll_wait");
    for (int i = 0; i < ready; i++) {
      if (events[i].data.ptr) read_connection(events[i].data.ptr);
      else accept_connection(epoll, listener);
    }
    commit();
  }
}
