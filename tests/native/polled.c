/* Completions that the host fetches: polled clients and reactors, by the contract: polled FOLDER. Prints what is not so; 0
 * when all is. */
#include "dmio-test.h"
#include <poll.h>
#include <time.h>

static const char *folder;

static struct block_device *device(const char *name, unsigned long long sectors)
{
    return device_of(folder, name, sectors);
}

static void polled_client(void)
{
    enum { REQUESTS = 300 };
    unsigned char *data = memory_of(4096, 8);
    struct waiter waiter = WAITER;
    struct dmio_client *client;
    struct dmio_client_options options = {.flags = DMIO_CLIENT_POLLED};
    struct io_region where = {device("polled", 64), 0, 8};
    struct dmio_request request = {.where = &where, .num_regions = 1, .rw = DMIO_WRITE, .data = data};
    EQUAL(0, dmio_client_open(&options, sizeof options, &client));
    struct pollfd ready = {dmio_client_fd(client), POLLIN, 0};
    CHECK(ready.fd >= 0);
    EQUAL(0, dmio_poll(client, 0));
    EQUAL(0, dmio_poll(client, 5));
    EQUAL(0, poll(&ready, 1, 0));
    for (int i = 0; i < REQUESTS; i++)
        EQUAL(0, dmio_async(client, &request, told_result, &waiter));
    /* No callback on any other thread; the descriptor alone says when to poll. */
    while (waiter.ended < REQUESTS) {
        EQUAL(1, poll(&ready, 1, 30000));
        CHECK(dmio_poll(client, 0) <= 64);
    }

    EQUAL(0, dmio_poll(client, 0));
    EQUAL(0, poll(&ready, 1, 0));
    EQUAL(0, dmio_async(client, &request, told_result, &waiter));
    EQUAL(1, dmio_poll(client, -1));

    /* What was not collected runs when the client is closed. */
    EQUAL(0, dmio_async(client, &request, told_result, &waiter));
    EQUAL(0, dmio_client_close(client));
    EQUAL(REQUESTS + 2, waiter.ended);
    EQUAL(0, waiter.bits);
    EQUAL(0, dmio_device_close(where.bdev));
    free(data);
}

static struct dmio_client *other_client;

static void close_other(const struct dmio_result *result, void *context)
{
    EQUAL(0, dmio_client_close(other_client));
    told_result(result, context);
}

/* Closed by a callback of another client, which can't wait: what is in flight calls back nevertheless. */
static void polled_client_closed_in_callback(void)
{
    enum { REQUESTS = 400 };
    unsigned char *data = memory_of(1 << 20, 12);
    struct waiter waiter = WAITER, closer = WAITER;
    struct dmio_client *client;
    struct dmio_client_options options = {.flags = DMIO_CLIENT_POLLED};
    struct io_region where = {device("closer", 4096), 0, 2048};
    struct dmio_request request = {.where = &where, .num_regions = 1, .rw = DMIO_WRITE, .data = data};
    EQUAL(0, dmio_client_open(NULL, 0, &client));
    EQUAL(0, dmio_client_open(&options, sizeof options, &other_client));
    for (int i = 0; i < REQUESTS; i++)
        EQUAL(0, dmio_async(other_client, &request, told_result, &waiter));
    where.count = 8;
    EQUAL(0, dmio_async(client, &request, close_other, &closer));
    wait_for(&closer, 1);
    wait_for(&waiter, REQUESTS);
    REFUSED(EBADF, "closed", dmio_poll(other_client, 0));
    EQUAL(0, dmio_client_close(client));
    EQUAL(REQUESTS, waiter.ended);
    EQUAL(0, waiter.bits);
    EQUAL(0, dmio_device_close(where.bdev));
    free(data);
}

struct from_callback {
    struct dmio_reactor *reactor;
    struct io_region where;
    unsigned char *data;
    int left;
    int poll;
};

static void submit_again(const struct dmio_result *result, void *context)
{
    struct from_callback *self = context;
    struct dmio_request request = {.where = &self->where, .num_regions = 1, .rw = DMIO_READ, .data = self->data};
    EQUAL(0, result->failed);
    self->poll = dmio_reactor_poll(self->reactor, 0, 0);
    if (--self->left > 0)
        EQUAL(0, dmio_reactor_submit(self->reactor, &request, submit_again, self));
}

static void *poll_elsewhere(void *reactor)
{
    REFUSED(EPERM, "thread", dmio_reactor_poll(reactor, 0, 0));
    REFUSED(EPERM, "thread", dmio_reactor_close(reactor));
    return NULL;
}

static _Atomic int wakes;

static void *wake_elsewhere(void *reactor)
{
    wakes++;
    EQUAL(0, dmio_reactor_wake(reactor));
    return NULL;
}

static long long milliseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

static void reactor(void)
{
    unsigned char *data = memory_of(4096, 9);
    struct from_callback self = {NULL, {device("reactor", 64), 0, 8}, data, 20, 0};
    struct waiter waiter = WAITER;
    pthread_t thread;
    EQUAL(0, dmio_reactor_open(NULL, 0, &self.reactor));
    struct dmio_request request = {.where = &self.where, .num_regions = 1, .rw = DMIO_WRITE | DMIO_FUA, .data = data};
    EQUAL(0, dmio_reactor_submit(self.reactor, &request, told_result, &waiter));
    EQUAL(0, waiter.ended);
    EQUAL(1, dmio_reactor_poll(self.reactor, 1, -1));
    EQUAL(1, waiter.ended);
    EQUAL(4096, waiter.result.bytes);
    request.rw = DMIO_READ;
    EQUAL(0, dmio_reactor_submit(self.reactor, &request, submit_again, &self));
    while (self.left > 0)
        CHECK(dmio_reactor_poll(self.reactor, 1, -1) >= 0);
    EQUAL(-EDEADLK, self.poll);
    request.rw = DMIO_FLUSH;
    EQUAL(0, dmio_reactor_submit(self.reactor, &request, told_result, &waiter));
    request.rw = DMIO_WRITE_ZEROES;
    EQUAL(0, dmio_reactor_submit(self.reactor, &request, told_result, &waiter));
    request.rw = DMIO_DISCARD;
    EQUAL(0, dmio_reactor_submit(self.reactor, &request, told_result, &waiter));
    while (waiter.ended < 4)
        CHECK(dmio_reactor_poll(self.reactor, 3, -1) >= 0);
    EQUAL(0, waiter.bits);
    struct dmio_statistics statistics;
    EQUAL(0, dmio_reactor_statistics(self.reactor, &statistics, sizeof statistics));
    EQUAL(24, statistics.requests);
    pthread_create(&thread, NULL, poll_elsewhere, self.reactor);
    pthread_join(thread, NULL);
    /* Nothing is under way, and nobody can wake it. */
    EQUAL(0, dmio_reactor_poll(self.reactor, 1, -1));
    REFUSED(EINVAL, "DMIO_CLIENT_WAKEABLE", dmio_reactor_wake(self.reactor));
    EQUAL(0, dmio_reactor_close(self.reactor));
    REFUSED(EBADF, "closed", dmio_reactor_close(self.reactor));
    struct dmio_client_options options = {.lanes = 1};
    REFUSED(EINVAL, "lanes", dmio_reactor_open(&options, sizeof options, &self.reactor));
    EQUAL(0, dmio_device_close(self.where.bdev));
    free(data);
}

static void reactor_that_is_woken(void)
{
    struct dmio_client_options options = {.flags = DMIO_CLIENT_WAKEABLE};
    struct dmio_reactor *reactor;
    struct dmio_client *client;
    pthread_t thread;
    REFUSED(EINVAL, "reactor", dmio_client_open(&options, sizeof options, &client));
    EQUAL(0, dmio_reactor_open(&options, sizeof options, &reactor));
    /* A minimum of 0 does not wait, whatever the limit. */
    EQUAL(0, dmio_reactor_poll(reactor, 0, 0));
    EQUAL(0, dmio_reactor_poll(reactor, 0, -1));
    for (int round = 1; round <= 20; round++) {
        /* Nobody wakes it: it waits for as long as it may. */
        long long before = milliseconds();
        EQUAL(0, dmio_reactor_poll(reactor, 1, 5));
        CHECK(milliseconds() - before >= 4);
        /* It comes back from this one because it was woken, and the wake-up is used up by it. */
        pthread_create(&thread, NULL, wake_elsewhere, reactor);
        EQUAL(0, dmio_reactor_poll(reactor, 1, -1));
        EQUAL(round, wakes);
        pthread_join(thread, NULL);
    }

    /* Before the wait, and more than once. */
    EQUAL(0, dmio_reactor_wake(reactor));
    EQUAL(0, dmio_reactor_wake(reactor));
    EQUAL(0, dmio_reactor_poll(reactor, 1, -1));
    EQUAL(0, dmio_reactor_close(reactor));
    REFUSED(EBADF, "closed", dmio_reactor_wake(reactor));
}

/* What a reactor refuses among requests that go well: those take another way than the first. */
static void reactor_refuses(void)
{
    unsigned char *data = memory_of(8192, 11), *read = memory_of(8192, 12);
    struct waiter waiter = WAITER, none = WAITER;
    struct dmio_reactor *reactor;
    struct io_region where = {device("refuses", 64), 0, 8}, closed = {device("closed", 64), 0, 8};
    EQUAL(0, dmio_device_close(closed.bdev));
    EQUAL(0, dmio_reactor_open(NULL, 0, &reactor));
    const struct dmio_request good = {.where = &where, .num_regions = 1, .rw = DMIO_WRITE, .data = data, .length = 4096};
    for (int round = 1; round <= 3; round++) {
        struct dmio_request request = good;
        where = (struct io_region){where.bdev, 0, 8};
        EQUAL(0, dmio_reactor_submit(reactor, &request, told_result, &waiter));
        REFUSED(EINVAL, "callback is NULL", dmio_reactor_submit(reactor, &request, NULL, &none));
        REFUSED(EINVAL, "request is NULL", dmio_reactor_submit(reactor, NULL, told_result, &none));
        request.length = 512;
        REFUSED(EINVAL, "512 bytes", dmio_reactor_submit(reactor, &request, told_result, &none));
        request.length = UINT64_MAX;
        REFUSED(EINVAL, "length of memory", dmio_reactor_submit(reactor, &request, told_result, &none));
        request = good;
        request.data = NULL;
        REFUSED(EINVAL, "memory is NULL", dmio_reactor_submit(reactor, &request, told_result, &none));
        request = good;
        request.where = NULL;
        REFUSED(EINVAL, "regions are NULL", dmio_reactor_submit(reactor, &request, told_result, &none));
        request.where = &closed;
        REFUSED(EBADF, "closed", dmio_reactor_submit(reactor, &request, told_result, &none));
        request = good;
        request.num_regions = 0;
        REFUSED(EINVAL, "0 regions", dmio_reactor_submit(reactor, &request, told_result, &none));
        request = good;
        request.rw = 5;
        REFUSED(EINVAL, "no operation 5", dmio_reactor_submit(reactor, &request, told_result, &none));
        request.rw = DMIO_READ | DMIO_FUA;
        REFUSED(EINVAL, "flags", dmio_reactor_submit(reactor, &request, told_result, &none));
        request = good;
        request.memory = 4;
        REFUSED(EINVAL, "memory 4", dmio_reactor_submit(reactor, &request, told_result, &none));
        request = good;
        request.flags = 0x80;
        REFUSED(EINVAL, "0x80", dmio_reactor_submit(reactor, &request, told_result, &none));
        request = good;
        where.sector = UINT64_MAX;
        REFUSED(EINVAL, "neither may be negative", dmio_reactor_submit(reactor, &request, told_result, &none));
        where = (struct io_region){where.bdev, 0, UINT64_MAX / 512 + 2};
        REFUSED(EINVAL, "no 64-bit offset", dmio_reactor_submit(reactor, &request, told_result, &none));
        where.count = UINT64_MAX;
        REFUSED(EINVAL, "neither may be negative", dmio_reactor_submit(reactor, &request, told_result, &none));

        /* Beyond the end: a failure of the region, and no refusal. */
        struct waiter beyond = WAITER;
        where = (struct io_region){where.bdev, 64, 8};
        EQUAL(0, dmio_reactor_submit(reactor, &request, told_result, &beyond));
        /* No sectors, and no memory then. */
        struct waiter empty = WAITER;
        where.count = 0;
        request.data = NULL;
        EQUAL(0, dmio_reactor_submit(reactor, &request, told_result, &empty));
        /* Without a length the memory is as long as the region; an offset moves it. */
        const uint64_t offset = 4096;
        where = (struct io_region){where.bdev, 8, 8};
        request = good;
        request.length = 8192;
        request.buffer_offsets = &offset;
        EQUAL(0, dmio_reactor_submit(reactor, &request, told_result, &waiter));
        while (waiter.ended < 4 * round - 2 || beyond.ended == 0 || empty.ended == 0)
            CHECK(dmio_reactor_poll(reactor, 1, -1) >= 0);
        EQUAL(1, beyond.bits);
        EQUAL(0, beyond.result.bytes);
        EQUAL(EIO, beyond.result.error);
        EQUAL(64, beyond.result.sector);
        EQUAL(0, empty.bits);
        for (int half = 0; half < 2; half++) {
            where = (struct io_region){where.bdev, (sector_t)half * 8, 8};
            request = (struct dmio_request){.where = &where, .num_regions = 1, .rw = DMIO_READ, .data = read + half * 4096};
            memset(read + half * 4096, 0, 4096);
            EQUAL(0, dmio_reactor_submit(reactor, &request, told_result, &waiter));
        }

        while (waiter.ended < 4 * round)
            CHECK(dmio_reactor_poll(reactor, 1, -1) >= 0);
        EQUAL(0, memcmp(data, read, 8192));
    }

    EQUAL(0, waiter.bits);
    EQUAL(0, none.ended);
    EQUAL(0, dmio_reactor_close(reactor));
    EQUAL(0, dmio_device_close(where.bdev));
    free(data);
    free(read);
}

struct reactor_request {
    struct dmio_reactor *reactor;
    struct dmio_request request;
    struct waiter waiter;
    int closed;
};

static void *submit_elsewhere(void *context)
{
    struct reactor_request *self = context;
    REFUSED(EPERM, "owns this reactor", dmio_reactor_submit(self->reactor, &self->request, told_result, &self->waiter));
    return NULL;
}

static void close_and_submit(const struct dmio_result *result, void *context)
{
    struct reactor_request *self = context;
    EQUAL(0, result->failed);
    self->closed = dmio_reactor_close(self->reactor);
    REFUSED(EBADF, "disposed", dmio_reactor_submit(self->reactor, &self->request, told_result, &self->waiter));
}

/* A read or a write that looks as one of those that go the shortest way, and must not: each among some that do. */
static void reactor_leaves_the_fast_path(void)
{
    enum { BYTES = 8192, SECTORS = BYTES / DMIO_SECTOR_SIZE };
    unsigned char *data = memory_of(2 * BYTES, 13), *odd = memory_of(2 * BYTES, 14) + 1;
    struct waiter none = WAITER, good = WAITER;
    char path[4096];
    struct block_device *bdev = device("leaves", 64), *read_only, *direct;
    snprintf(path, sizeof path, "%s/leaves", folder);
    EQUAL(0, dmio_device_open(path, DMIO_OPEN_BUFFERED | DMIO_OPEN_READ_ONLY, &read_only));
    /* With direct I/O where the file system has it: then memory has an alignment. */
    if (dmio_device_open(path, 0, &direct) != 0)
        EQUAL(0, dmio_device_open(path, DMIO_OPEN_BUFFERED, &direct));
    struct io_region where = {bdev, 0, SECTORS};
    struct dmio_client *client;
    struct dmio_client_options pages = {.pages = 8};
    struct page_list *list;
    struct reactor_request other = {NULL, {.where = &where, .num_regions = 1, .rw = DMIO_WRITE, .data = data}, none, -1};
    EQUAL(0, dmio_client_open(&pages, sizeof pages, &client));
    EQUAL(0, dmio_pages_get(client, 2, &list));
    CHECK(list->next->page == (struct page *)((unsigned char *)list->page + DMIO_PAGE_SIZE));
    EQUAL(0, dmio_reactor_open(NULL, 0, &other.reactor));
    for (int round = 1; round <= 3; round++) {
        int ended = 2 * (round - 1);
        struct dmio_request request = other.request;
        EQUAL(0, dmio_reactor_submit(other.reactor, &request, told_result, &good));

        /* Another thread. */
        pthread_t thread;
        pthread_create(&thread, NULL, submit_elsewhere, &other);
        pthread_join(thread, NULL);

        /* A device that can't be written: a failure of the region. */
        struct waiter refused = WAITER;
        struct io_region there = {read_only, 0, SECTORS};
        request.where = &there;
        EQUAL(0, dmio_reactor_submit(other.reactor, &request, told_result, &refused));
        while (good.ended == ended || refused.ended == 0)
            CHECK(dmio_reactor_poll(other.reactor, 1, -1) >= 0);
        char text[256];
        EQUAL(1, refused.bits);
        EQUAL(EROFS, refused.result.error);
        EQUAL(0, refused.result.bytes);
        CHECK(dmio_result_text(&refused.result, text, sizeof text) > 0 && strstr(text, "EROFS") != NULL);

        /* Memory that is not aligned is copied. */
        struct waiter copied = WAITER;
        there.bdev = direct;
        request.data = odd;
        memcpy(odd, data + 3 * round, BYTES);
        EQUAL(0, dmio_reactor_submit(other.reactor, &request, told_result, &copied));
        while (copied.ended == 0)
            CHECK(dmio_reactor_poll(other.reactor, 1, -1) >= 0);
        memset(odd, 0, BYTES);
        request.rw = DMIO_READ;
        EQUAL(0, dmio_reactor_submit(other.reactor, &request, told_result, &copied));
        while (copied.ended == 1)
            CHECK(dmio_reactor_poll(other.reactor, 1, -1) >= 0);
        EQUAL(0, copied.bits);
        EQUAL(BYTES, copied.result.bytes);
        EQUAL(0, memcmp(data + 3 * round, odd, BYTES));

        /* Rented pages by their address: they can't be put back while they are in use. */
        struct waiter rented = WAITER;
        request = (struct dmio_request){.where = &where, .num_regions = 1, .rw = DMIO_WRITE, .data = list->page};
        memcpy(list->page, data + 5 * round, BYTES);
        EQUAL(0, dmio_reactor_submit(other.reactor, &request, told_result, &rented));
        REFUSED(EBUSY, "in flight", dmio_pages_put(client, list));
        request = other.request;
        EQUAL(0, dmio_reactor_submit(other.reactor, &request, told_result, &good));
        while (good.ended == ended + 1 || rented.ended == 0)
            CHECK(dmio_reactor_poll(other.reactor, 1, -1) >= 0);
        EQUAL(0, rented.bits);
        EQUAL(0, dmio_pages_put(client, list));
        EQUAL(0, dmio_pages_get(client, 2, &list));
    }

    EQUAL(0, dmio_pages_put(client, list));

    /* Closed: in a callback, whose poll ends it, and then the handle. */
    EQUAL(0, dmio_reactor_submit(other.reactor, &other.request, close_and_submit, &other));
    while (other.closed == -1)
        CHECK(dmio_reactor_poll(other.reactor, 1, -1) >= 0);
    EQUAL(0, other.closed);
    REFUSED(EBADF, "closed", dmio_reactor_submit(other.reactor, &other.request, told_result, &none));
    EQUAL(0, other.waiter.ended);
    EQUAL(0, none.ended);
    EQUAL(0, good.bits);
    EQUAL(6, good.ended);
    EQUAL(0, dmio_client_close(client));
    EQUAL(0, dmio_device_close(bdev));
    EQUAL(0, dmio_device_close(read_only));
    EQUAL(0, dmio_device_close(direct));
    free(data);
    free(odd - 1);
}

int main(int count, char **arguments)
{
    static const struct test tests[] = {
        {"polled client", polled_client},
        {"polled, closed in a callback", polled_client_closed_in_callback},
        {"reactor", reactor},
        {"reactor that is woken", reactor_that_is_woken},
        {"reactor refuses", reactor_refuses},
        {"reactor leaves the fast path", reactor_leaves_the_fast_path},
    };
    if (count < 2)
        return 2;
    folder = arguments[1];
    return run_all(tests, sizeof tests / sizeof *tests);
}
