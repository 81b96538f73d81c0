/* What the parts of the load generator share. The method is in main.c. */
#pragma once
#define _GNU_SOURCE
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Letters, digits, dots and a hyphen only, so that no form, JSON or event-stream encoding changes it. */
#define MARKER "artesian-bench."
enum {
  MARKER_LENGTH = sizeof MARKER - 1,
  DIGITS = 10,
  TOKEN_LENGTH = MARKER_LENGTH + DIGITS + 1, /* marker, number, dot */
  READ_SIZE = 256 * 1024,
  HEAD_MAX = 16 * 1024,
  QUIET_MS = 300,
};

#define NS_PER_MS 1000000ull
#define NS_PER_S 1000000000ull

enum mode { MEASURE, HOLD, HERD, POLL };

/* Texts with {placeholders} are explained at expand() in text.c. */
struct options {
  enum mode mode;
  uint16_t port, publish_port;
  uint32_t subscribers, topics;               /* subscriber i is on topic i % topics */
  uint32_t bystanders, bystander_topics;      /* subscribed to other topics, must receive nothing */
  uint32_t window;                            /* publishers */
  double rate;                                /* updates a second; 0: as soon as a publisher is idle */
  uint32_t payload, minimum_updates, missed, poll_ms, opening_at_once, stall_ms;
  double seconds, warm_up;
  const char *subscribe, *and, *topic, *subscribed, *other;
  const char *publish, *body, *data, *content_type;
  const char *subscribe_fields, *publish_fields; /* lines of the head, each ended by CRLF */
  const char *tokens;                            /* file of bearer tokens, a line for each connection */
  bool socket_io, gzip;
};
extern struct options options;

struct subscriber {
  int fd;
  bool open; /* the response's head was read, and for Socket.IO its handshake is over */
  bool upgraded;
  uint32_t received;
  uint64_t digest;         /* sum of what digest_of() gives for each update received */
  uint8_t carried;         /* bytes of a marker that may have been cut by a read */
  char carry[TOKEN_LENGTH];
  char *head;              /* while !open: the head, then packets of Socket.IO's handshake */
  size_t head_length;
  struct frame *frame;     /* Socket.IO: the frame being read */
  void *inflater;          /* gzip */
  bool chunked;            /* gzip: in chunks of HTTP/1.1 */
  size_t chunk_left, chunk_size; /* gzip: of the chunk being read, and of the size being read */
  char *notes;             /* herd: what it received, for the ids in it */
  size_t notes_length;
  char *resume;            /* herd: the id to go on from, as read from the notes */
  char *session;           /* herd, Socket.IO: the private id of its session */
};

struct publisher {
  int fd; /* -1: none, as at first or when the server closed it while it was idle, as it may */
  bool waiting; /* for the answer to its POST */
  uint32_t update;
  size_t length;
  char answer[HEAD_MAX + 1];
};

struct update {
  uint64_t sent_at;
  uint32_t publisher;
  uint32_t expected, received;
  bool answered;
};

struct histogram { uint64_t count, max, *buckets; };

/* clock.c */
void fail(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));
void fail_errno(const char *what) __attribute__((noreturn));
void *allocate(size_t count, size_t size);
uint64_t now_ns(void);
uint64_t own_cpu_ns(void);
uint64_t server_cpu_ns(void);
void add_server_pid(pid_t pid);
void record(struct histogram *histogram, uint64_t ns);
double quantile_ms(const struct histogram *histogram, double quantile);
double maximum_ms(const struct histogram *histogram);

/* text.c */
struct text { char *bytes; size_t length, capacity; };
struct patch { size_t at; int digits; bool is_update; };
struct patches { struct patch list[16]; size_t count; };
void append(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
void expand(struct text *text, const char *pattern, uint32_t group, struct patches *patches);
const char *token_of(uint32_t connection);
void read_tokens(uint32_t needed);

/* loop.c */
#define PUBLISHER_BIT (1ull << 32)
#define STDIN_KEY UINT64_MAX
#define TIMER_KEY (UINT64_MAX - 1)
extern uint64_t last_progress;
void open_loop(void);
void watch(int fd, uint64_t key);
int open_connection(uint16_t port, uint64_t key);
size_t send_request(int fd, const char *bytes, size_t length);
void wake_at(uint64_t at);
bool step(int timeout_ms);
void stay_quiet(uint64_t duration_ms);
void check_stall(const char *doing);

/* subscribers.c */
extern struct subscriber *subscribers;
extern uint32_t connection_count, open_count;
extern uint64_t bytes_read, bytes_sent, deliveries;
extern struct histogram delivery_latency;
extern void (*on_update)(struct subscriber *subscriber, uint64_t at);
void prepare_subscribers(void);
void open_subscribers(uint32_t count);
void close_subscribers(void);
void read_subscriber(struct subscriber *subscriber);
void count_updates(struct subscriber *subscriber, char *bytes, size_t length, uint64_t at);
void become_open(struct subscriber *subscriber, uint64_t at);
uint32_t group_of(const struct subscriber *subscriber);

/* socket-io.c */
void write_handshake(struct text *request);
void read_frames(struct subscriber *subscriber, char *bytes, size_t length, uint64_t at);
void forget_frames(struct subscriber *subscriber);

/* gzip.c */
void check_gzip(struct subscriber *subscriber);
void read_gzip(struct subscriber *subscriber, char *bytes, size_t length, uint64_t at);

/* publishers.c */
extern struct publisher *publishers;
extern struct update *updates;
extern uint32_t update_count, completed_count, first_measured, idle_count;
extern uint64_t *digests; /* for each topic, the sum over what its subscribers must have received */
extern bool nobody_listens;
extern struct histogram answer_latency;
void prepare_publishers(void);
uint32_t size_of_group(uint32_t group);
uint64_t digest_of(uint32_t number);
uint32_t parse_number(const char *digits);
void publish(uint64_t due);
void complete_if_done(struct update *update);
void read_publisher(struct publisher *publisher);

/* measure.c, herd.c, poll.c */
struct readings { uint64_t at, own, server, received, sent; };
struct readings read_meters(void);
void run_for(double seconds);
void publish_number(uint32_t count);
void check_totals(void);
void print_load(const struct readings *before, const struct readings *after);
void measure(double opening_seconds);
void hold(double opening_seconds);
void herd(void);
void poll_in_turn(void);
void read_poller(uint32_t index);
