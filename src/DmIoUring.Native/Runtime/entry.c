/*
 * Every function of dmio.h begins here, before the .NET runtime is entered: in a child of a process that has used the
 * library the runtime's threads are missing, and a call might wait for one of them for ever, for a collection that was
 * under way at the fork or for a lock. A page that the kernel empties in a child says so without a system call.
 */
#include "dmio.h"
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>

#ifndef MADV_WIPEONFORK
#define MADV_WIPEONFORK 18 /* Linux 4.14 */
#endif

#define FORKED                                                                                                         \
    "This process was forked after it had used the library, whose threads are the parent's. Fork before the first "    \
    "call, or exec in the child."

/* NULL until the first call; then a page that begins with 1, and with 0 in a child. */
static _Atomic(unsigned char *) used;

static void forget(void)
{
    *atomic_load_explicit(&used, memory_order_relaxed) = 0;
}

static int begin(void)
{
    unsigned char *none = NULL;
    unsigned char *page = mmap(NULL, DMIO_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED)
        return -errno;
    *page = 1;
    int is_wiped = madvise(page, DMIO_PAGE_SIZE, MADV_WIPEONFORK) == 0;
    if (!atomic_compare_exchange_strong(&used, &none, page))
        munmap(page, DMIO_PAGE_SIZE);
    else if (!is_wiped)
        pthread_atfork(NULL, NULL, forget);
    return 0;
}

static inline int is_forked(void)
{
    unsigned char *page = atomic_load_explicit(&used, memory_order_acquire);
    return page != NULL && *page == 0;
}

/* 0, or -errno. */
static inline int enter(void)
{
    unsigned char *page = atomic_load_explicit(&used, memory_order_acquire);
    if (__builtin_expect(page != NULL && *page != 0, 1))
        return 0;
    return page == NULL ? begin() : -EOWNERDEAD;
}

/* The library's function of the same name, which C# exports to here. */
#define FUNCTION(name, parameters, arguments)                                                                          \
    int managed_##name parameters;                                                                                     \
    int name parameters                                                                                                \
    {                                                                                                                  \
        int error = enter();                                                                                           \
        return error == 0 ? managed_##name arguments : error;                                                          \
    }

/* As FUNCTION, of a call with bits. */
#define SYNC(name, parameters, arguments)                                                                              \
    int managed_##name parameters;                                                                                     \
    int name parameters                                                                                                \
    {                                                                                                                  \
        int error = enter();                                                                                           \
        if (error != 0 && error_bits != NULL)                                                                          \
            *error_bits = 0;                                                                                           \
        return error == 0 ? managed_##name arguments : error;                                                          \
    }

FUNCTION(dm_io_get, (unsigned int num_pages), (num_pages))
FUNCTION(dm_io_put, (unsigned int num_pages), (num_pages))

SYNC(dm_io_sync,
     (unsigned int num_regions, struct io_region *where, int rw, struct page_list *pl, unsigned int offset,
      unsigned long *error_bits),
     (num_regions, where, rw, pl, offset, error_bits))
SYNC(dm_io_sync_bvec,
     (unsigned int num_regions, struct io_region *where, int rw, struct bio_vec *bvec, unsigned long *error_bits),
     (num_regions, where, rw, bvec, error_bits))
SYNC(dm_io_sync_vm,
     (unsigned int num_regions, struct io_region *where, int rw, void *data, unsigned long *error_bits),
     (num_regions, where, rw, data, error_bits))

FUNCTION(dm_io_async,
         (unsigned int num_regions, struct io_region *where, int rw, struct page_list *pl, unsigned int offset,
          io_notify_fn fn, void *context),
         (num_regions, where, rw, pl, offset, fn, context))
FUNCTION(dm_io_async_bvec,
         (unsigned int num_regions, struct io_region *where, int rw, struct bio_vec *bvec, io_notify_fn fn,
          void *context),
         (num_regions, where, rw, bvec, fn, context))
FUNCTION(dm_io_async_vm,
         (unsigned int num_regions, struct io_region *where, int rw, void *data, io_notify_fn fn, void *context),
         (num_regions, where, rw, data, fn, context))

FUNCTION(dmio_device_open, (const char *path, unsigned int flags, struct block_device **device), (path, flags, device))
FUNCTION(dmio_device_close, (struct block_device *device), (device))
FUNCTION(dmio_device_info, (struct block_device *device, struct dmio_device_info *info, size_t size),
         (device, info, size))
FUNCTION(dmio_device_refresh, (struct block_device *device), (device))
FUNCTION(dmio_device_acknowledge_doubt, (struct block_device *device), (device))

FUNCTION(dmio_client_open, (const struct dmio_client_options *options, size_t size, struct dmio_client **client),
         (options, size, client))
FUNCTION(dmio_client_close, (struct dmio_client *client), (client))
FUNCTION(dmio_pages_get, (struct dmio_client *client, unsigned int pages, struct page_list **list),
         (client, pages, list))
FUNCTION(dmio_pages_put, (struct dmio_client *client, struct page_list *list), (client, list))
FUNCTION(dmio_memory_register,
         (struct dmio_client *client, void *start, size_t length, struct dmio_memory **memory),
         (client, start, length, memory))
FUNCTION(dmio_reactor_memory_register,
         (struct dmio_reactor *reactor, void *start, size_t length, struct dmio_memory **memory),
         (reactor, start, length, memory))
FUNCTION(dmio_memory_unregister, (struct dmio_memory *memory), (memory))
FUNCTION(dmio_sync, (struct dmio_client *client, const struct dmio_request *request, struct dmio_result *result),
         (client, request, result))
FUNCTION(dmio_async,
         (struct dmio_client *client, const struct dmio_request *request, dmio_done_fn fn, void *context),
         (client, request, fn, context))
FUNCTION(dmio_result_text, (const struct dmio_result *result, char *text, size_t size), (result, text, size))
FUNCTION(dmio_poll, (struct dmio_client *client, int timeout_ms), (client, timeout_ms))
FUNCTION(dmio_client_fd, (struct dmio_client *client), (client))
FUNCTION(dmio_pending, (struct dmio_client *client, struct dmio_pending *list, size_t size, unsigned int count),
         (client, list, size, count))
FUNCTION(dmio_statistics, (struct dmio_client *client, struct dmio_statistics *statistics, size_t size),
         (client, statistics, size))

FUNCTION(dmio_reactor_open, (const struct dmio_client_options *options, size_t size, struct dmio_reactor **reactor),
         (options, size, reactor))
FUNCTION(dmio_reactor_submit,
         (struct dmio_reactor *reactor, const struct dmio_request *request, dmio_done_fn fn, void *context),
         (reactor, request, fn, context))
FUNCTION(dmio_reactor_poll, (struct dmio_reactor *reactor, unsigned int minimum, int timeout_ms),
         (reactor, minimum, timeout_ms))
FUNCTION(dmio_reactor_wake, (struct dmio_reactor *reactor), (reactor))
FUNCTION(dmio_reactor_pending,
         (struct dmio_reactor *reactor, struct dmio_pending *list, size_t size, unsigned int count),
         (reactor, list, size, count))
FUNCTION(dmio_reactor_statistics, (struct dmio_reactor *reactor, struct dmio_statistics *statistics, size_t size),
         (reactor, statistics, size))
FUNCTION(dmio_reactor_close, (struct dmio_reactor *reactor), (reactor))

FUNCTION(dmio_mirror_create,
         (struct dmio_client *client, struct block_device *const *devices, unsigned int count,
          const struct dmio_mirror_options *options, size_t size, struct dmio_mirror **mirror),
         (client, devices, count, options, size, mirror))
FUNCTION(dmio_mirror_open,
         (struct dmio_client *client, struct block_device *const *devices, unsigned int count, unsigned int flags,
          struct dmio_mirror **mirror),
         (client, devices, count, flags, mirror))
FUNCTION(dmio_mirror_close, (struct dmio_mirror *mirror), (mirror))
FUNCTION(dmio_mirror_read, (struct dmio_mirror *mirror, sector_t sector, sector_t count, void *data),
         (mirror, sector, count, data))
FUNCTION(dmio_mirror_readv,
         (struct dmio_mirror *mirror, sector_t sector, sector_t count, const struct iovec *vectors,
          unsigned int length),
         (mirror, sector, count, vectors, length))
FUNCTION(dmio_mirror_write,
         (struct dmio_mirror *mirror, sector_t sector, sector_t count, const void *data, int flags),
         (mirror, sector, count, data, flags))
FUNCTION(dmio_mirror_writev,
         (struct dmio_mirror *mirror, sector_t sector, sector_t count, const struct iovec *vectors,
          unsigned int length, int flags),
         (mirror, sector, count, vectors, length, flags))
FUNCTION(dmio_mirror_flush, (struct dmio_mirror *mirror), (mirror))
FUNCTION(dmio_mirror_discard, (struct dmio_mirror *mirror, sector_t sector, sector_t count), (mirror, sector, count))
FUNCTION(dmio_mirror_write_zeroes, (struct dmio_mirror *mirror, sector_t sector, sector_t count),
         (mirror, sector, count))
FUNCTION(dmio_mirror_resync,
         (struct dmio_mirror *mirror, uint64_t bytes_per_second, struct dmio_mirror_resync_result *result, size_t size),
         (mirror, bytes_per_second, result, size))
FUNCTION(dmio_mirror_take_out, (struct dmio_mirror *mirror, unsigned int leg), (mirror, leg))
FUNCTION(dmio_mirror_attach, (struct dmio_mirror *mirror, struct block_device *device), (mirror, device))
FUNCTION(dmio_mirror_replace,
         (struct dmio_mirror *mirror, unsigned int leg, struct block_device *device, unsigned int flags),
         (mirror, leg, device, flags))
FUNCTION(dmio_mirror_status, (struct dmio_mirror *mirror, struct dmio_mirror_status *status, size_t size),
         (mirror, status, size))
FUNCTION(dmio_mirror_leg_status,
         (struct dmio_mirror *mirror, unsigned int leg, struct dmio_mirror_leg *status, size_t size),
         (mirror, leg, status, size))
FUNCTION(dmio_mirror_watch, (struct dmio_mirror *mirror, dmio_mirror_fn fn, void *context), (mirror, fn, context))

const char *managed_dmio_last_error(void);
const char *dmio_last_error(void)
{
    if (is_forked())
        return FORKED;
    int error = enter();
    return error == 0 ? managed_dmio_last_error() : strerror(-error);
}

const char *managed_dmio_strerror(int error);
const char *dmio_strerror(int error)
{
    if (enter() == 0)
        return managed_dmio_strerror(error);
    return error == EOWNERDEAD || error == -EOWNERDEAD ? FORKED : strerror(error < 0 ? -error : error);
}
