/*
 * libdmio: dm-io, the block I/O service under the Linux kernel's device-mapper, in user space on io_uring.
 *
 * One region is read, or one buffer is written to up to 64 regions at once, and one bit a region tells what failed.
 *
 * Returns   0 or a count, or -errno; then dmio_last_error() has a text. A request that was refused so was not
 *           submitted, and its callback does not run.
 * Handles   are numbers in the shape of pointers: not to be dereferenced, checked in every call. One that was closed,
 *           or never was, is -EBADF; NULL is -EINVAL.
 * Units     sectors of 512 bytes, pages of 4096.
 * Threads   any thread may call anything, except that a reactor belongs to the thread that first submits or polls.
 *           A thread may come and go; 64 KiB of stack are enough.
 * Callbacks run once for each request that was accepted, on a thread of the library, in dmio_poll or in
 *           dmio_reactor_poll. On a thread of the library they must not block and must not leave by longjmp, an
 *           exception or pthread_exit. They may submit, and close what they like.
 * Memory    of a request is the library's from the call until it ends: until the synchronous call returns, or the
 *           callback starts. Regions, vectors and page lists are copied in the call; what they point at is not.
 *
 * What the host process must know
 *   fork      The library's threads are not in the child: once a process has used the library, every call of a child
 *             of it fails with -EOWNERDEAD. fork before the first call, or exec in the child.
 *   dlclose   does not unload the library (-z nodelete): its threads and thread-local destructors stay valid.
 *   signals   The first call installs handlers of the .NET runtime for SIGSEGV, SIGFPE and a real-time signal
 *             (SIGRTMIN); those of the host are called for what is not the runtime's. Don't replace them later.
 *             SIGPIPE keeps the host's disposition. Block a signal in all threads of the host's own before the first
 *             call if it must not arrive on a thread of the library.
 *   memory    The runtime reserves tens of GiB of address space, and uses little of it; less under RLIMIT_AS.
 *   copies    Two copies of the library in one process know nothing of each other: don't pass a handle from one to the
 *             other.
 */
#ifndef DMIO_H
#define DMIO_H

#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#ifdef __cplusplus
extern "C" {
#endif

#define DMIO_SECTOR_SIZE 512
#define DMIO_PAGE_SIZE 4096
#define DMIO_MAX_REGIONS 64

/* ---- dm-io's own names ------------------------------------------------------------------------------------------ */

typedef uint64_t sector_t;

/* A device handle of dmio_device_open. */
struct block_device;

/* Where: count sectors from a sector on. A region of no sectors is skipped; its bit counts. Its device need not be open
 * where another region's is, except that a flush, DMIO_PREFLUSH and DMIO_FUA ask the device of each region. */
struct io_region {
    struct block_device *bdev;
    sector_t sector;
    sector_t count;
};

/* DMIO_PAGE_SIZE bytes of memory. */
struct page;

/* Memory as a list of pages. The offset of a request applies to the first; the others are whole. */
struct page_list {
    struct page_list *next;
    struct page *page;
};

/* Memory as pieces: bv_len bytes from bv_offset on, which may be beyond the page's end. */
struct bio_vec {
    struct page *bv_page;
    unsigned int bv_len;
    unsigned int bv_offset;
};

/* error: bit i for region i. */
typedef void (*io_notify_fn)(unsigned long error, void *context);

/* rw: one operation and, for a write, flags. */
enum {
    DMIO_READ = 0,         /* of one region */
    DMIO_WRITE = 1,        /* to 1 to 64 regions */
    DMIO_FLUSH = 2,        /* of the regions' devices; no memory, sectors are ignored */
    DMIO_DISCARD = 3,      /* no memory; what is read afterwards is undefined */
    DMIO_WRITE_ZEROES = 9, /* no memory */

    DMIO_PREFLUSH = 1 << 8,    /* flush each device first; with regions of no sectors an empty flush */
    DMIO_FUA = 1 << 9,         /* on the medium when it has ended */
    DMIO_ATOMIC = 1 << 10,     /* each region all or nothing */
    DMIO_STABLE_COPY = 1 << 11 /* from a private copy: the memory is free when the call returns; needs a page reserve */
};

/*
 * Opens the process's client, if it is not open, and reserves pages for it, and a request for each (at most 4096). Within
 * the reserve nothing waits and nothing is allocated; beyond it a call waits until another request has ended. Put the
 * same number that was got. The last put ends the client: it returns when all callbacks have. -ETIMEDOUT when something did
 * not end within 30 s: dm_io_put of the same number waits again.
 */
int dm_io_get(unsigned int num_pages);
int dm_io_put(unsigned int num_pages);

/*
 * 0 when every region succeeded, -EIO when one failed, -EOPNOTSUPP when some are unsupported and the others succeeded;
 * *error_bits (which may be NULL) has a bit for each that failed or is unsupported. Any other -errno: nothing was
 * submitted, and *error_bits is 0.
 */
int dm_io_sync(unsigned int num_regions, struct io_region *where, int rw, struct page_list *pl, unsigned int offset,
               unsigned long *error_bits);
int dm_io_sync_bvec(unsigned int num_regions, struct io_region *where, int rw, struct bio_vec *bvec,
                    unsigned long *error_bits);
int dm_io_sync_vm(unsigned int num_regions, struct io_region *where, int rw, void *data, unsigned long *error_bits);

/* 0 when it was submitted: then fn runs once. */
int dm_io_async(unsigned int num_regions, struct io_region *where, int rw, struct page_list *pl, unsigned int offset,
                io_notify_fn fn, void *context);
int dm_io_async_bvec(unsigned int num_regions, struct io_region *where, int rw, struct bio_vec *bvec, io_notify_fn fn,
                     void *context);
int dm_io_async_vm(unsigned int num_regions, struct io_region *where, int rw, void *data, io_notify_fn fn,
                   void *context);

/* ---- errors ----------------------------------------------------------------------------------------------------- */

/* The text of the calling thread's last call that returned a negative value; "" before there was one. Valid until the
 * thread's next failing call, or its end. */
const char *dmio_last_error(void);

/* What an errno, negative or not, means when this library returns it. Never NULL; valid for ever. */
const char *dmio_strerror(int error);

/* ---- devices ---------------------------------------------------------------------------------------------------- */

enum {
    DMIO_OPEN_READ_ONLY = 1,
    DMIO_OPEN_BUFFERED = 2,  /* through the page cache; the default is direct I/O */
    DMIO_OPEN_EXCLUSIVE = 4  /* -EBUSY where it is mounted or in use */
};

struct dmio_device_info {
    uint64_t sectors;
    uint32_t logical_block_size; /* bytes; regions start and end on a multiple of it, or are unsupported */
    uint32_t memory_alignment;   /* bytes; other memory is copied */
    uint32_t is_block_device;
    uint32_t is_read_only;
    uint32_t in_doubt; /* a flush has failed: see dmio_device_acknowledge_doubt */
    uint32_t reserved;
};

/* Opens a block device, an NVMe namespace or a regular file. */
int dmio_device_open(const char *path, unsigned int flags, struct block_device **device);

/* Refuses new requests; those in flight go on, and the device closes when the last has ended. */
int dmio_device_close(struct block_device *device);

int dmio_device_info(struct block_device *device, struct dmio_device_info *info, size_t size);

/* Asks for the size again: what has grown can be reached, what has shrunk is not written. */
int dmio_device_refresh(struct block_device *device);

/* After a failed flush every flush, preflush and FUA of the device fails until the embedder has said that it has dealt
 * with what may be lost. 1 when the device was in doubt, 0 when not. */
int dmio_device_acknowledge_doubt(struct block_device *device);

/* ---- clients ---------------------------------------------------------------------------------------------------- */

struct dmio_client;

enum {
    /* Callbacks run in dmio_poll, on the thread that calls it, and dmio_client_fd tells when there are some. */
    DMIO_CLIENT_POLLED = 1,
    /* Worker threads and system calls in place of io_uring. */
    DMIO_CLIENT_WORKERS = 2,
    /* Waits sleep from the beginning; without it they spin for up to 50 us first, where the last ones ended so soon. */
    DMIO_CLIENT_SLEEP = 4,
    /* Of a reactor: dmio_reactor_wake may end its waits. They cost more so: one for several completions ends after 20 us
     * with fewer, lest a wake-up is noticed late. Before Linux 6.12 a wait has no minimum time: each ends with the first
     * completion, and dmio_reactor_poll waits again until there are as many as it was asked for. */
    DMIO_CLIENT_WAKEABLE = 8
};

/* 0 in a field is its default. */
struct dmio_client_options {
    uint32_t flags;
    uint32_t lanes;       /* threads with a ring; 1 */
    uint32_t queue_depth; /* entries of a ring; 256 */
    uint32_t requests;    /* reserved; none: allocated as needed */
    uint64_t pages;       /* reserved; none */
    uint32_t request_time_limit_ms;
    uint32_t close_time_limit_ms; /* 30,000 */
};

/* options may be NULL; size is sizeof(struct dmio_client_options). */
int dmio_client_open(const struct dmio_client_options *options, size_t size, struct dmio_client **client);

/*
 * Refuses new requests and returns when every callback has returned, those that run in dmio_poll on other threads
 * too; those of a polled client that were not collected run in it, and a dmio_poll that waits ends. -ETIMEDOUT when
 * something did not end within the limit: then close again. Several threads may close one client: each waits, and 0
 * tells each the same.
 * In a callback of a dmio_poll it waits for all callbacks but the thread's own, and those that are closing the
 * client too. In a callback on a thread of the library, or in dmio_reactor_poll, it does not wait: the rest calls
 * back on threads of the library, or goes on in a dmio_poll.
 */
int dmio_client_close(struct dmio_client *client);

/*
 * Pages of the client's reserve (a NULL client is that of dm_io_get), as a list for dm_io_sync and dm_io_async:
 * locked, and registered with the client's rings, which other memory is not. -EAGAIN when fewer are free. Put back
 * the same list, with the same client: -EBUSY while a request is using any of the pages, in whatever shape it was
 * given them: the list, a part of it, linked anew, vectors, an address; by any client or reactor. A client that is
 * closed takes its pages and the list with it, when its callbacks have returned; what requests of others are using
 * goes when they have ended.
 */
int dmio_pages_get(struct dmio_client *client, unsigned int pages, struct page_list **list);
int dmio_pages_put(struct dmio_client *client, struct page_list *list);

/*
 * Has the client's rings (a NULL client is that of dm_io_get) know memory of the host's own, an arena for its buffers: the
 * kernel pins it once and not with every request. A request whose memory lies in one registration is recognized by its
 * address; all other memory works as before, and so does memory that the kernel refuses (RLIMIT_MEMLOCK, a mapping of a
 * file). -EINVAL where a part is registered already; -EPERM when there are too many: 1,024 places, one a GiB.
 * Unregister before the memory is unmapped, moved or given other pages, and free it when the requests on it have ended.
 * The end of the client ends the registration; its handle stays until it is unregistered.
 */
struct dmio_memory;

int dmio_memory_register(struct dmio_client *client, void *start, size_t length, struct dmio_memory **memory);
int dmio_memory_unregister(struct dmio_memory *memory);

/* How a request ended. */
struct dmio_result {
    uint64_t failed;      /* bit i: region i failed */
    uint64_t unsupported; /* bit i: the device can't do that; no reason to drop a leg */
    uint64_t bytes;       /* transferred, all regions together; 0 when a bit is set, and by what has no memory */
    uint64_t sector;      /* the first failure: the lowest region, its first sector that is missing */
    int32_t region;       /* -1 when there is none */
    int32_t error;        /* its errno, positive; 0 when there is none */
    uint32_t cause;       /* why; dmio_result_text says it */
    uint32_t reserved;
};

typedef void (*dmio_done_fn)(const struct dmio_result *result, void *context);

/* A request's memory. */
enum {
    DMIO_VM = 0,    /* data: length bytes; 0: as many as the regions take */
    DMIO_PAGES = 1, /* data: struct page_list, with offset */
    DMIO_BVEC = 2,  /* data: length struct bio_vec; 0: as many as the regions take */
    DMIO_IOVEC = 3  /* data: length struct iovec */
};

/* An I/O priority: the kernel's ioprio value. Levels 0, the highest, to 7; that of real time needs CAP_SYS_NICE or
 * CAP_SYS_ADMIN where it is submitted: the region fails with EPERM otherwise. */
#define DMIO_PRIORITY(class, level) ((uint32_t)(class) << 13 | (uint32_t)(level))

enum {
    DMIO_PRIORITY_REAL_TIME = 1,
    DMIO_PRIORITY_BEST_EFFORT = 2, /* the default's class */
    DMIO_PRIORITY_IDLE = 3         /* when nobody else wants the device */
};

/* How one region of a request ended. */
struct dmio_report {
    uint64_t sector; /* its first that is missing; 0 when there is none */
    uint64_t bytes;  /* transferred; 0 when it failed or is unsupported, and by what has no memory */
    int32_t error;   /* its errno, positive; 0 when there is none */
    uint32_t cause;  /* as in struct dmio_result */
};

/* A request's flags. */
enum {
    DMIO_NOWAIT = 1 /* of dmio_async and dmio_reactor_submit: -EAGAIN when the reserve is exhausted, in place of a wait */
};

/* 0 in the fields from offset on is their default. */
struct dmio_request {
    const struct io_region *where;
    uint32_t num_regions;
    int32_t rw;
    void *data;
    uint64_t length;
    uint32_t memory;
    uint32_t offset;
    const uint64_t *buffer_offsets; /* one a region: where in the memory, in bytes, its part begins. NULL: all begin at 0 */
    struct dmio_report *reports;    /* one a region, filled before the request ends. NULL: the result is enough */
    uint32_t priority;              /* DMIO_PRIORITY, of a read or a write; 0: that of the thread that issues it */
    uint32_t flags;
    uint64_t reserved[2]; /* 0 */
};

/* As the seed's calls, with a client, all of the result and any kind of memory. A NULL client is that of dm_io_get. */
int dmio_sync(struct dmio_client *client, const struct dmio_request *request, struct dmio_result *result);
int dmio_async(struct dmio_client *client, const struct dmio_request *request, dmio_done_fn fn, void *context);

/* Human-readable: "failed 0b10; first: region 1, sector 4096: EIO". As snprintf, it returns the length of the whole. */
int dmio_result_text(const struct dmio_result *result, char *text, size_t size);

/*
 * Of a polled client: runs the callbacks that are ready, at most 64 and those that come meanwhile not, and returns how
 * many; waits up to timeout_ms for the first, -1 without a limit. Several threads may poll one client: one runs each callback, and
 * the others go on waiting. 0 without a limit: the client is being closed.
 */
int dmio_poll(struct dmio_client *client, int timeout_ms);

/* The descriptor of a polled client for poll, epoll or io_uring: readable while callbacks are ready. dmio_poll resets it;
 * don't read or close it. */
int dmio_client_fd(struct dmio_client *client);

struct dmio_statistics {
    uint64_t requests;
    uint64_t entries;          /* of rings */
    uint64_t enters;           /* io_uring_enter */
    uint64_t direct_transfers; /* synchronous requests that were one system call */
    uint64_t short_transfers;
    uint64_t retries;
    uint64_t device_waits;
    uint64_t worker_entries;
    uint64_t flushes;
    uint64_t joined_flushes;
    uint64_t overdrafts;
};

/* A region of a request that has not ended. */
struct dmio_pending {
    uint64_t sector;           /* the first that has not ended */
    uint64_t in_kernel;        /* sectors in the kernel, or that wait for a retry; 0 while only a flush is */
    uint64_t waiting;          /* sectors that were not given to the kernel yet */
    uint64_t age_us;           /* since when; UINT64_MAX where it is not known, as on a reactor */
    struct block_device *bdev; /* a handle of the device; NULL when it was closed */
    uint32_t request;          /* 0, 1, ...: regions with the same number are of one request */
    uint32_t region;
    int32_t rw;            /* the operation */
    uint32_t is_abandoned; /* its caller has its result: a stable copy that took longer than the time limit */
    char path[256];        /* the device's; its end is cut where it is longer */
};

/*
 * What is under way, to find a stuck device: fills up to count of list, each of size (sizeof(struct dmio_pending)), and
 * returns how many regions there are. Any thread, callbacks included. It takes a moment, and a second where a callback
 * blocks a thread of the library, whose requests are missing then. Synchronous calls are not listed: theirs waits.
 */
int dmio_pending(struct dmio_client *client, struct dmio_pending *list, size_t size, unsigned int count);

int dmio_statistics(struct dmio_client *client, struct dmio_statistics *statistics, size_t size);

/* ---- reactors: a thread of the host's that submits and polls ---------------------------------------------------- */

/*
 * dmio_reactor_close refuses new requests, runs what is in flight to its end and ends the reactor, on its thread. -ETIMEDOUT
 * when something did not end within the limit: then close again. In a callback of the reactor it returns 0, and the call
 * that runs the callback closes before it returns: a dmio_reactor_poll is then -ETIMEDOUT in place of a count when something
 * did not end, and the handle is still there to be closed.
 */
struct dmio_reactor;

/* options as of a client; flags: not DMIO_CLIENT_POLLED; lanes: 0. */
int dmio_reactor_open(const struct dmio_client_options *options, size_t size, struct dmio_reactor **reactor);
int dmio_reactor_submit(struct dmio_reactor *reactor, const struct dmio_request *request, dmio_done_fn fn,
                        void *context);

/* Submits everything by one system call, waits until at least minimum requests have ended (up to timeout_ms, -1 without a
 * limit) and runs their callbacks; returns how many. With none under way it returns 0 at once; or, with a minimum of 1 or
 * more, waits to be woken where the reactor is DMIO_CLIENT_WAKEABLE. */
int dmio_reactor_poll(struct dmio_reactor *reactor, unsigned int minimum, int timeout_ms);

/* Ends the wait of dmio_reactor_poll that is under way, or of the next that would wait; any thread. -EINVAL where the
 * reactor was opened without DMIO_CLIENT_WAKEABLE. */
int dmio_reactor_wake(struct dmio_reactor *reactor);

/* As dmio_pending; the owner's thread. */
int dmio_reactor_pending(struct dmio_reactor *reactor, struct dmio_pending *list, size_t size, unsigned int count);
int dmio_reactor_statistics(struct dmio_reactor *reactor, struct dmio_statistics *statistics, size_t size);

/* As dmio_memory_register; any thread. */
int dmio_reactor_memory_register(struct dmio_reactor *reactor, void *start, size_t length, struct dmio_memory **memory);
int dmio_reactor_close(struct dmio_reactor *reactor);

/* ---- mirrors: devices as one, that lose legs and get them back -------------------------------------------------- */

/*
 * 2 to 64 devices as one: a write goes to all of them, a read to one, and to the others where that fails. A leg that
 * fails a write is out of sync, which is recorded on the other legs before the write ends; nothing is read from it or
 * written to it until dmio_mirror_resync has brought it up to date. The last leg in sync stays: then the request fails.
 * The data begins at each leg's sector 0; a log of the regions that may differ stands at its end, so that after a crash
 * these are copied and not all of it.
 *
 * All calls wait, and any thread may make them, except in a callback of a client or a reactor (-EDEADLK). The client and
 * the devices, which are open for reading and writing, must stay open until the mirror is closed.
 * -EIO and -EOPNOTSUPP as of dm_io_sync; what only some legs failed is 0, and dmio_mirror_leg_status tells of it.
 */
struct dmio_mirror;

enum {
    DMIO_MIRROR_ALLOW_MISSING = 1, /* open: without all of its legs; what is written then is missing on those */
    DMIO_MIRROR_TRUST_FIRST = 2,   /* open: of a split mirror, the first device is right */
    DMIO_MIRROR_ASSUME_EQUAL = 4,  /* create: no resync, the legs are equal or are written before they are read */
    DMIO_MIRROR_OVERWRITE = 8,     /* create, replace: a device may belong to a mirror already */
    DMIO_MIRROR_LOG_IN_MEMORY = 16, /* create: nothing but data is written to the legs, and it can't be opened again */
    DMIO_MIRROR_CHECKSUMS = 32 /* create: every 4,096 bytes have a checksum, so that wrong data that a leg returns is
                                  found, read from another, and written again; data that every leg returns wrongly is
                                  -EIO. Sectors are multiples of 8 then, the mirror has 4 TiB at most, and the checksums
                                  take 1 GiB of memory for 1 TiB */
};

/* 0 in a field is its default. */
struct dmio_mirror_options {
    uint32_t flags;
    uint32_t reserved;
    uint64_t sectors;        /* of the mirror, a multiple of 8; what fits on the smallest leg */
    uint64_t region_sectors; /* what is copied for one write in flight at a crash, a power of two from 128 to 2,097,152;
                                2,048, or more from 128 GiB on */
};

/*
 * Makes a mirror of 2 to 64 devices; what is on the first is its content, except at the end, where the metadata goes, and
 * the others need a resync. options may be NULL; size is sizeof(struct dmio_mirror_options). A NULL client is that of
 * dm_io_get. -EINVAL: a device can't be a leg, or is given twice. -EBUSY: one belongs to a mirror already.
 */
int dmio_mirror_create(struct dmio_client *client, struct block_device *const *devices, unsigned int count,
                       const struct dmio_mirror_options *options, size_t size, struct dmio_mirror **mirror);

/*
 * Opens a mirror, with its devices in any order. -ENODEV: legs are missing. -EUCLEAN: a device has no valid metadata.
 * -EINVAL: one is of another mirror. -ENOTUNIQ: legs were used without each other, and which is right can't be told.
 */
int dmio_mirror_open(struct dmio_client *client, struct block_device *const *devices, unsigned int count,
                     unsigned int flags, struct dmio_mirror **mirror);

/* Waits for the requests that are under way, cancels a resync, flushes the legs and records that they are equal. What can't
 * be recorded is copied by the first resync when it is opened again. */
int dmio_mirror_close(struct dmio_mirror *mirror);

/* Sectors and memory are multiples of the mirror's logical block (dmio_mirror_status): the largest of the legs, and 4,096
 * bytes with checksums. flags: DMIO_PREFLUSH, DMIO_FUA. The memory of a write must not change before it returns: legs would
 * differ. */
int dmio_mirror_read(struct dmio_mirror *mirror, sector_t sector, sector_t count, void *data);
int dmio_mirror_readv(struct dmio_mirror *mirror, sector_t sector, sector_t count, const struct iovec *vectors,
                      unsigned int length);
int dmio_mirror_write(struct dmio_mirror *mirror, sector_t sector, sector_t count, const void *data, int flags);
int dmio_mirror_writev(struct dmio_mirror *mirror, sector_t sector, sector_t count, const struct iovec *vectors,
                       unsigned int length, int flags);
int dmio_mirror_flush(struct dmio_mirror *mirror);

/* -EOPNOTSUPP where no leg can discard. What is read afterwards is undefined, and may be another thing at each read. */
int dmio_mirror_discard(struct dmio_mirror *mirror, sector_t sector, sector_t count);

/* To a leg that has no command for that, as data. */
int dmio_mirror_write_zeroes(struct dmio_mirror *mirror, sector_t sector, sector_t count);

struct dmio_mirror_resync_result {
    uint64_t copied_regions;
    uint64_t in_sync;           /* bit i: leg i was brought into sync */
    uint64_t failed;            /* bit i: leg i could not be; dmio_mirror_leg_status says why */
    uint64_t unreadable_sector; /* the first that no leg in sync could read; UINT64_MAX: there is none */
};

/*
 * Brings the legs that are out of sync up to date, and returns when it has. The mirror is in use meanwhile: call it on a
 * thread of its own. bytes_per_second limits it; 0 does not. 0: all legs that have a device are in sync and equal. -EIO:
 * not all. -ECANCELED: the mirror was closed. -EBUSY: another resync or change of the legs is under way. -ENODATA: there is
 * no leg to copy from. result may be NULL; size is sizeof(struct dmio_mirror_resync_result).
 */
int dmio_mirror_resync(struct dmio_mirror *mirror, uint64_t bytes_per_second, struct dmio_mirror_resync_result *result,
                       size_t size);

/* Takes a leg out of sync. -ENODATA: it is the last one in sync. */
int dmio_mirror_take_out(struct dmio_mirror *mirror, unsigned int leg);

/* Brings the device of a missing leg back, which keeps what it has, and returns the leg's index; a resync copies what it
 * lacks. */
int dmio_mirror_attach(struct dmio_mirror *mirror, struct block_device *device);

/* Puts another device in a leg's place; a resync copies all to it. The old device may be closed then. flags:
 * DMIO_MIRROR_OVERWRITE. */
int dmio_mirror_replace(struct dmio_mirror *mirror, unsigned int leg, struct block_device *device, unsigned int flags);

struct dmio_mirror_status {
    uint64_t sectors;
    uint64_t region_sectors;
    uint64_t dirty_regions;      /* may differ between the legs, by the log */
    uint64_t in_sync;            /* bit i: leg i */
    uint32_t legs;               /* missing ones too */
    uint32_t logical_block_size; /* bytes */
    uint32_t needs_resync;       /* there is something to do for dmio_mirror_resync */
    uint32_t has_checksums;
    uint8_t id[16]; /* the same on every leg */
};

int dmio_mirror_status(struct dmio_mirror *mirror, struct dmio_mirror_status *status, size_t size);

enum {
    DMIO_LEG_IN_SYNC = 0,
    DMIO_LEG_RESYNCING = 1,   /* every write goes to it, nothing is read from it */
    DMIO_LEG_OUT_OF_SYNC = 2, /* nothing goes to it until a resync */
    DMIO_LEG_MISSING = 3      /* it has no device */
};

struct dmio_mirror_leg {
    struct block_device *device; /* NULL where it is missing */
    uint32_t leg;                /* its index, the same whatever the order of the devices */
    uint32_t state;
    uint32_t needs_full_resync; /* the log does not have all that it lacks */
    uint32_t reserved;
    uint64_t reads; /* since it was opened, or the device was exchanged */
    uint64_t failed_reads;
    uint64_t repairs; /* failed and corrupt reads whose sectors were written again from another leg */
    uint64_t failed_writes;
    char reason[200];       /* why it is not in sync */
    uint64_t corrupt_reads; /* it has returned other data than was written: DMIO_MIRROR_CHECKSUMS */
};

int dmio_mirror_leg_status(struct dmio_mirror *mirror, unsigned int leg, struct dmio_mirror_leg *status, size_t size);

/* From now on fn is called when a leg's state has changed: in order, one at a time, on a thread of the library. It may
 * block and may use the mirror, but not close it (-EDEADLK); dmio_mirror_close returns when it has. NULL ends that. */
typedef void (*dmio_mirror_fn)(const struct dmio_mirror_leg *leg, void *context);

int dmio_mirror_watch(struct dmio_mirror *mirror, dmio_mirror_fn fn, void *context);

#ifdef __cplusplus
}
#endif

#endif
