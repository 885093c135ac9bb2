/* What a request may ask for beyond its regions and its memory, and what is under way: options FOLDER [SLOW], where each
 * write to the file SLOW takes five seconds. Prints what is not so; 0 when all is. */
#include "dmio-test.h"

static const char *folder;

static struct block_device *device(const char *name, unsigned long long sectors)
{
    return device_of(folder, name, sectors);
}

/* A part of the memory for each region, in every kind of memory: a stripe of three, and its parts back. */
static void buffer_offsets(void)
{
    enum { PART = 8192, SECTORS = PART / DMIO_SECTOR_SIZE };
    unsigned char *data = memory_of(3 * PART, 1), *back = memory_of(3 * PART, 90);
    struct io_region where[3] = {{device("s0", 64), 0, SECTORS}, {device("s1", 64), 8, SECTORS}, {device("s2", 64), 16, SECTORS}};
    /* In another order than the regions, and two that meet in the middle of a page. */
    uint64_t offsets[3] = {2 * PART, 0, PART + 512};
    struct iovec iov[2] = {{data, 512}, {data + 512, 3 * PART - 512}};
    struct page_list list[6];
    struct bio_vec vectors[2] = {{(struct page *)data, 4096 + 512, 0}, {(struct page *)data, 3 * PART - 4096 - 512, 4096 + 512}};
    for (int i = 0; i < 6; i++)
        list[i] = (struct page_list){i < 5 ? &list[i + 1] : NULL, (struct page *)(data + i * DMIO_PAGE_SIZE)};
    struct dmio_request request = {.where = where, .num_regions = 3, .rw = DMIO_WRITE, .buffer_offsets = offsets};
    struct { uint32_t memory; void *data; uint64_t length; } kinds[] = {
        {DMIO_VM, data, 0}, {DMIO_VM, data, 3 * PART}, {DMIO_PAGES, list, 0}, {DMIO_BVEC, vectors, 2}, {DMIO_IOVEC, iov, 2}};
    struct waiter waiter = WAITER;
    struct dmio_result result;
    EQUAL(0, dm_io_get(64));
    for (size_t kind = 0; kind < sizeof kinds / sizeof *kinds; kind++) {
        request.memory = kinds[kind].memory;
        request.data = kinds[kind].data;
        request.length = kinds[kind].length;
        memset(data, (int)kind + 1, PART);
        if (kind % 2 == 0) {
            EQUAL(0, dmio_sync(NULL, &request, &result));
            EQUAL(3 * PART, result.bytes);
        } else {
            EQUAL(0, dmio_async(NULL, &request, told_result, &waiter));
            wait_for(&waiter, (int)(kind + 1) / 2);
            EQUAL(3 * PART, waiter.result.bytes);
        }

        for (int leg = 0; leg < 3; leg++) {
            struct dmio_request read = {.where = &where[leg], .num_regions = 1, .rw = DMIO_READ, .data = back, .buffer_offsets = &offsets[leg]};
            EQUAL(0, dmio_sync(NULL, &read, NULL));
            EQUAL(0, memcmp(back + offsets[leg], data + offsets[leg], PART));
            memset(back, 0, 3 * PART);
        }
    }

    /* Beyond the memory, and no number at all. A region of no sectors takes none. */
    request = (struct dmio_request){.where = where, .num_regions = 3, .rw = DMIO_WRITE, .data = data, .length = 3 * PART, .buffer_offsets = offsets};
    offsets[1] = 2 * PART + 512;
    REFUSED(EINVAL, "Region 1 takes 16 sectors (8192 bytes) from byte 16896 on", dmio_sync(NULL, &request, &result));
    offsets[1] = UINT64_MAX;
    REFUSED(EINVAL, "Region 1 begins 18446744073709551615 bytes", dmio_async(NULL, &request, told_result, &waiter));
    request.length = 0;
    offsets[1] = (uint64_t)INT64_MAX - 511;
    REFUSED(EINVAL, "Region 1", dmio_async(NULL, &request, told_result, &waiter));
    where[1].count = 0;
    EQUAL(0, dmio_sync(NULL, &request, &result));
    EQUAL(2 * PART, result.bytes);
    EQUAL(2, waiter.ended);
    for (int leg = 0; leg < 3; leg++)
        EQUAL(0, dmio_device_close(where[leg].bdev));
    EQUAL(0, dm_io_put(64));
    free(data);
    free(back);
}

static void check_reports(const struct dmio_report *reports)
{
    EQUAL(0, reports[0].error);
    EQUAL(4096, reports[0].bytes);
    EQUAL(0, reports[0].cause);
    EQUAL(EIO, reports[1].error);
    EQUAL(8, reports[1].sector);
    EQUAL(0, reports[1].bytes);
    CHECK(reports[1].cause != 0);
    EQUAL(0, reports[2].error);
    EQUAL(0, reports[2].bytes);
    EQUAL(EIO, reports[3].error);
    EQUAL(60, reports[3].sector);
    EQUAL(0, reports[3].bytes);
    EQUAL(0, reports[4].error);
    EQUAL(4096, reports[4].bytes);
}

/* A file that ends inside a sector: what the read has is less than its sectors, whoever carries it out. */
static void odd_end(void)
{
    unsigned char *data = memory_of(4096, 7);
    struct io_region where = {.sector = 0, .count = 8};
    struct dmio_report report;
    struct dmio_request request = {.where = &where, .num_regions = 1, .rw = DMIO_READ, .data = data, .reports = &report};
    struct dmio_result result;
    struct waiter waiter = WAITER;
    struct dmio_reactor *reactor;
    char path[4096];
    EQUAL(0, dm_io_get(4));
    EQUAL(0, dmio_device_close(device("odd", 8)));
    snprintf(path, sizeof path, "%s/odd", folder);
    EQUAL(0, truncate(path, 4096 - 100));
    EQUAL(0, dmio_device_open(path, DMIO_OPEN_BUFFERED | DMIO_OPEN_READ_ONLY, &where.bdev));
    for (int reported = 0; reported < 2; reported++) {
        request.reports = reported ? &report : NULL;
        memset(&report, 0x55, sizeof report);
        EQUAL(0, dmio_sync(NULL, &request, &result));
        EQUAL(4096 - 100, result.bytes);
        CHECK(!reported || (report.bytes == 4096 - 100 && report.error == 0));
        memset(&report, 0x55, sizeof report);
        EQUAL(0, dmio_async(NULL, &request, told_result, &waiter));
        wait_for(&waiter, 2 * reported + 1);
        EQUAL(4096 - 100, waiter.result.bytes);
        CHECK(!reported || (report.bytes == 4096 - 100 && report.error == 0));
        memset(&report, 0x55, sizeof report);
        EQUAL(0, dmio_reactor_open(NULL, 0, &reactor));
        EQUAL(0, dmio_reactor_submit(reactor, &request, told_result, &waiter));
        while (waiter.ended < 2 * reported + 2)
            CHECK(dmio_reactor_poll(reactor, 1, -1) >= 0);
        EQUAL(4096 - 100, waiter.result.bytes);
        CHECK(!reported || (report.bytes == 4096 - 100 && report.error == 0));
        EQUAL(0, dmio_reactor_close(reactor));
    }

    /* All of it before the end. */
    where.count = 7;
    EQUAL(0, dmio_sync(NULL, &request, &result));
    EQUAL(7 * DMIO_SECTOR_SIZE, result.bytes);
    EQUAL(0, dmio_device_close(where.bdev));
    EQUAL(0, dm_io_put(4));
    free(data);
}

/* Every region's own report, of which the result has the first failure only; by each way, and the array's neighbours stay. */
static void reports(void)
{
    unsigned char *data = memory_of(4096, 2);
    struct io_region where[5] = {{device("r0", 64), 0, 8}, {device("r1", 8), 8, 8}, {NULL, 0, 0}, {device("r3", 64), 60, 8}, {device("r4", 64), 8, 8}};
    struct dmio_report all[7];
    struct dmio_request request = {.where = where, .num_regions = 5, .rw = DMIO_WRITE, .data = data, .reports = all + 1};
    struct dmio_result result;
    struct waiter waiter = WAITER;
    struct dmio_reactor *reactor;
    struct dmio_client *client;
    struct dmio_client_options polled = {.flags = DMIO_CLIENT_POLLED};
    EQUAL(0, dm_io_get(4));
    memset(all, 0x55, sizeof all);
    EQUAL(-EIO, dmio_sync(NULL, &request, &result));
    EQUAL(0xa, result.failed);
    check_reports(all + 1);

    memset(all + 1, 0xaa, 5 * sizeof *all);
    EQUAL(0, dmio_async(NULL, &request, told_result, &waiter));
    wait_for(&waiter, 1);
    EQUAL(0xa, waiter.result.failed);
    check_reports(all + 1);

    memset(all + 1, 0xaa, 5 * sizeof *all);
    EQUAL(0, dmio_client_open(&polled, sizeof polled, &client));
    EQUAL(0, dmio_async(client, &request, told_result, &waiter));
    EQUAL(1, dmio_poll(client, -1));
    check_reports(all + 1);
    EQUAL(0, dmio_client_close(client));

    memset(all + 1, 0xaa, 5 * sizeof *all);
    EQUAL(0, dmio_reactor_open(NULL, 0, &reactor));
    EQUAL(0, dmio_reactor_submit(reactor, &request, told_result, &waiter));
    while (waiter.ended < 3)
        CHECK(dmio_reactor_poll(reactor, 1, -1) >= 0);
    check_reports(all + 1);
    EQUAL(0, dmio_reactor_close(reactor));

    /* In pieces, and an operation without memory. */
    struct iovec iov[2] = {{data, 1024}, {data + 2048, 3072}};
    request.data = iov;
    request.memory = DMIO_IOVEC;
    request.length = 2;
    for (int i = 0; i < 300; i++)
        EQUAL(0, dmio_async(NULL, &request, told_result, &waiter));
    wait_for(&waiter, 303);
    check_reports(all + 1);
    where[2].bdev = where[0].bdev;
    request.rw = DMIO_FLUSH;
    EQUAL(0, dmio_sync(NULL, &request, &result));
    EQUAL(0, dmio_async(NULL, &request, told_result, &waiter));
    wait_for(&waiter, 304);
    for (int i = 1; i < 6; i++) {
        EQUAL(0, all[i].error);
        EQUAL(0, all[i].bytes);
    }

    /* What is refused leaves the array alone. */
    memset(all, 0x55, sizeof all);
    request.rw = 77;
    REFUSED(EINVAL, "no operation", dmio_async(NULL, &request, told_result, &waiter));
    request.rw = DMIO_WRITE;
    request.length = 1;
    REFUSED(EINVAL, "The 1 vectors have 1024 bytes", dmio_async(NULL, &request, told_result, &waiter));
    for (size_t i = 0; i < sizeof all; i++)
        CHECK(((unsigned char *)all)[i] == 0x55);
    for (int leg = 0; leg < 5; leg++)
        EQUAL(leg == 2 ? -EBADF : 0, dmio_device_close(where[leg].bdev));
    EQUAL(0, dm_io_put(4));
    EQUAL(304, waiter.ended);
    free(data);
}

static void priorities(void)
{
    unsigned char *data = memory_of(4096, 3);
    struct io_region where = {device("priority", 64), 0, 8};
    struct dmio_request request = {.where = &where, .num_regions = 1, .rw = DMIO_WRITE, .data = data};
    struct dmio_result result;
    struct waiter waiter = WAITER;
    int ended = 0;
    EQUAL(0, dm_io_get(4));
    for (int level = 0; level < 8; level++) {
        request.priority = DMIO_PRIORITY(level % 2 ? DMIO_PRIORITY_BEST_EFFORT : DMIO_PRIORITY_IDLE, level);
        EQUAL(0, dmio_sync(NULL, &request, &result));
        EQUAL(0, dmio_async(NULL, &request, told_result, &waiter));
        wait_for(&waiter, ++ended);
        EQUAL(0, waiter.bits);
    }

    request.priority = DMIO_PRIORITY(DMIO_PRIORITY_REAL_TIME, 0);
    if (geteuid() == 0)
        EQUAL(0, dmio_sync(NULL, &request, &result));
    request.priority = DMIO_PRIORITY(DMIO_PRIORITY_BEST_EFFORT, 8);
    REFUSED(EINVAL, "level 8", dmio_sync(NULL, &request, &result));
    request.priority = DMIO_PRIORITY(4, 0);
    REFUSED(EINVAL, "class 4", dmio_async(NULL, &request, told_result, &waiter));
    request.priority = DMIO_PRIORITY(0, 3);
    REFUSED(EINVAL, "class 0", dmio_async(NULL, &request, told_result, &waiter));
    request.priority = UINT32_MAX;
    REFUSED(EINVAL, "priority 0xffffffff", dmio_async(NULL, &request, told_result, &waiter));
    request.priority = DMIO_PRIORITY(DMIO_PRIORITY_IDLE, 0);
    request.rw = DMIO_FLUSH;
    REFUSED(EINVAL, "priority belongs to reads and writes", dmio_async(NULL, &request, told_result, &waiter));
    request.priority = 0;
    request.flags = 2;
    REFUSED(EINVAL, "0x2", dmio_async(NULL, &request, told_result, &waiter));
    request.flags = 0;
    request.reserved[1] = 1;
    REFUSED(EINVAL, "reserved", dmio_sync(NULL, &request, &result));
    EQUAL(ended, waiter.ended);
    EQUAL(0, dmio_device_close(where.bdev));
    EQUAL(0, dm_io_put(4));
    free(data);
}

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;

static void wait_at_gate(const struct dmio_result *result, void *context)
{
    pthread_mutex_lock(&gate);
    pthread_mutex_unlock(&gate);
    told_result(result, context);
}

/* Within a reserve of two requests, of which a callback that waits keeps some: -EAGAIN in place of a wait, and nothing is lost. */
static void without_waiting(void)
{
    unsigned char *data = memory_of(4096, 4);
    struct io_region where = {device("nowait", 64), 0, 8};
    struct dmio_report report = {.error = 99};
    struct iovec iov[2] = {{data, 1024}, {data + 2048, 3072}};
    struct dmio_request request = {.where = &where, .num_regions = 1, .rw = DMIO_WRITE, .data = data}, quick = request;
    struct dmio_request flush = {.where = &where, .num_regions = 1, .rw = DMIO_FLUSH, .flags = DMIO_NOWAIT};
    struct dmio_client_options options = {.pages = 1, .requests = 2};
    struct waiter waiter = WAITER, quickly = WAITER;
    struct dmio_client *client;
    struct dmio_result result;
    int submitted = 0, refused = 0;
    quick.data = iov;
    quick.memory = DMIO_IOVEC;
    quick.length = 2;
    quick.flags = DMIO_NOWAIT;
    quick.reports = &report;
    EQUAL(0, dmio_client_open(&options, sizeof options, &client));
    pthread_mutex_lock(&gate);
    EQUAL(0, dmio_async(client, &request, wait_at_gate, &waiter));
    for (int i = 0; i < 200; i++) {
        int error = dmio_async(client, i % 2 ? &quick : &flush, told_result, &quickly);
        submitted += error == 0;
        refused += error == -EAGAIN;
        CHECK(error == 0 || strstr(dmio_last_error(), "reserve is exhausted") != NULL);
    }

    EQUAL(200, submitted + refused);
    CHECK(submitted >= 1 && submitted <= 3);
    pthread_mutex_unlock(&gate);
    wait_for(&waiter, 1);
    wait_for(&quickly, submitted);
    /* There is room again. */
    while (dmio_async(client, &quick, told_result, &quickly) == -EAGAIN)
        usleep(1000);
    wait_for(&quickly, submitted + 1);
    EQUAL(0, quickly.bits);
    EQUAL(4096, report.bytes);
    EQUAL(0, report.error);
    REFUSED(EINVAL, "DMIO_NOWAIT", dmio_sync(client, &quick, &result));
    EQUAL(0, dmio_client_close(client));
    EQUAL(submitted + 1, quickly.ended);

    /* A reactor never waits: it would take what it needs beyond the reserve. */
    struct dmio_reactor *reactor;
    EQUAL(0, dmio_reactor_open(&options, sizeof options, &reactor));
    request.rw |= DMIO_STABLE_COPY;
    request.flags = DMIO_NOWAIT;
    EQUAL(0, dmio_reactor_submit(reactor, &request, told_result, &waiter));
    REFUSED(EAGAIN, "reserve is exhausted", dmio_reactor_submit(reactor, &request, told_result, &waiter));
    while (waiter.ended < 2)
        CHECK(dmio_reactor_poll(reactor, 1, -1) >= 0);
    EQUAL(0, dmio_reactor_submit(reactor, &request, told_result, &waiter));
    EQUAL(0, dmio_reactor_close(reactor));
    EQUAL(3, waiter.ended);
    EQUAL(0, waiter.bits);
    EQUAL(0, dmio_device_close(where.bdev));
    free(data);
}

struct shortage {
    struct dmio_client *client;
    struct dmio_request request;
    int errors[2]; /* of flags 0 and DMIO_NOWAIT */
    struct waiter waiter;
};

static void submit_in_callback(const struct dmio_result *result, void *context)
{
    struct shortage *shortage = context;
    for (int i = 0; i < 2; i++) {
        shortage->request.flags = i ? DMIO_NOWAIT : 0;
        shortage->errors[i] = dmio_async(shortage->client, &shortage->request, told_result, &shortage->waiter);
    }

    told_result(result, &shortage->waiter);
}

/* Stable copies that find no pages: -EAGAIN where they may later, and -EINVAL where the reserve never has as many. */
static void shortage_of_pages(void)
{
    unsigned char *data = memory_of(4 * DMIO_PAGE_SIZE, 8);
    struct io_region where = {device("shortage", 64), 0, 8};
    struct dmio_request copy = {.where = &where, .num_regions = 1, .rw = DMIO_WRITE | DMIO_STABLE_COPY, .data = data};
    struct dmio_request flush = {.where = &where, .num_regions = 1, .rw = DMIO_FLUSH};
    struct dmio_client_options options = {.pages = 2, .requests = 8};
    struct page_list *pages;
    struct dmio_client *client;
    struct dmio_reactor *reactor;
    struct waiter waiter = WAITER;
    EQUAL(0, dmio_client_open(&options, sizeof options, &client));
    EQUAL(0, dmio_pages_get(client, 2, &pages));
    struct shortage shortage = {client, copy, {1, 1}, WAITER};
    EQUAL(0, dmio_async(client, &flush, submit_in_callback, &shortage));
    wait_for(&shortage.waiter, 1);
    EQUAL(-EAGAIN, shortage.errors[0]);
    EQUAL(-EAGAIN, shortage.errors[1]);
    copy.flags = DMIO_NOWAIT;
    REFUSED(EAGAIN, "reserve is exhausted", dmio_async(client, &copy, told_result, &waiter));
    EQUAL(0, dmio_pages_put(client, pages));

    where.count = 32;
    for (int i = 0; i < 2; i++) {
        copy.flags = i ? DMIO_NOWAIT : 0;
        REFUSED(EINVAL, "are reserved in total", dmio_async(client, &copy, told_result, &waiter));
    }

    copy.flags = 0;
    REFUSED(EINVAL, "are reserved in total", dmio_sync(client, &copy, NULL));
    EQUAL(0, dmio_async(client, &flush, submit_in_callback, &shortage));
    wait_for(&shortage.waiter, 2);
    EQUAL(-EINVAL, shortage.errors[0]);
    EQUAL(-EINVAL, shortage.errors[1]);
    EQUAL(0, dmio_client_close(client));

    EQUAL(0, dmio_reactor_open(&options, sizeof options, &reactor));
    for (int i = 0; i < 2; i++) {
        where.count = 32;
        copy.flags = i ? DMIO_NOWAIT : 0;
        REFUSED(EINVAL, "are reserved in total", dmio_reactor_submit(reactor, &copy, told_result, &waiter));
        where.count = 16;
        EQUAL(0, dmio_reactor_submit(reactor, &copy, told_result, &waiter));
        REFUSED(EAGAIN, i ? "reserve is exhausted" : "not free now", dmio_reactor_submit(reactor, &copy, told_result, &waiter));
        while (waiter.ended < i + 1)
            CHECK(dmio_reactor_poll(reactor, 1, -1) >= 0);
    }

    EQUAL(0, dmio_reactor_close(reactor));
    EQUAL(2, waiter.ended);
    EQUAL(0, waiter.bits);
    EQUAL(0, dmio_device_close(where.bdev));
    free(data);
}

static void *pending_elsewhere(void *reactor)
{
    return (void *)(intptr_t)dmio_reactor_pending(reactor, NULL, 0, 0);
}

/* A reactor gives nothing to the kernel before it polls. */
static void pending_of_a_reactor(void)
{
    unsigned char *data = memory_of(1 << 20, 5);
    /* The same files, open before: other devices, which no handle here may be. */
    struct block_device *before[2] = {device("p0", 4096), device("p1", 4096)};
    struct io_region where[2] = {{device("p0", 4096), 0, 2048}, {device("p1", 4096), 8, 2048}};
    struct dmio_request request = {.where = where, .num_regions = 2, .rw = DMIO_WRITE, .data = data};
    struct dmio_pending list[8];
    struct dmio_reactor *reactor;
    struct waiter waiter = WAITER;
    char path[4096];
    EQUAL(0, dmio_reactor_open(NULL, 0, &reactor));
    EQUAL(0, dmio_reactor_pending(reactor, list, sizeof *list, 8));
    EQUAL(0, dmio_reactor_submit(reactor, &request, told_result, &waiter));
    request.rw = DMIO_READ;
    request.num_regions = 1;
    EQUAL(0, dmio_reactor_submit(reactor, &request, told_result, &waiter));
    memset(list, 0x55, sizeof list);
    EQUAL(3, dmio_reactor_pending(reactor, list, sizeof *list, 8));
    int writes = 0, reads = 0;
    for (int i = 0; i < 3; i++) {
        EQUAL(2048, list[i].in_kernel + list[i].waiting);
        EQUAL(list[i].region == 1 ? 8 : 0, list[i].sector);
        CHECK(list[i].bdev == where[list[i].region].bdev);
        snprintf(path, sizeof path, "%s/p%u", folder, list[i].region);
        EQUAL(0, strcmp(path, list[i].path));
        CHECK(list[i].age_us == UINT64_MAX);
        EQUAL(0, list[i].is_abandoned);
        CHECK(list[i].request < 2);
        writes += list[i].rw == DMIO_WRITE;
        reads += list[i].rw == DMIO_READ;
    }

    EQUAL(2, writes);
    EQUAL(1, reads);
    CHECK(((unsigned char *)&list[3])[0] == 0x55);

    /* As many as there is room for; a caller of an older header; one whose device was closed. */
    EQUAL(3, dmio_reactor_pending(reactor, NULL, 0, 0));
    memset(list, 0x55, sizeof list);
    EQUAL(3, dmio_reactor_pending(reactor, list, 8, 1));
    CHECK(list[0].sector != 0x5555555555555555);
    CHECK(list[0].in_kernel == 0x5555555555555555);
    EQUAL(0, dmio_device_close(where[1].bdev));
    EQUAL(3, dmio_reactor_pending(reactor, list, sizeof *list, 8));
    for (int i = 0; i < 3; i++)
        CHECK((list[i].bdev == NULL) == (list[i].region == 1));
    REFUSED(EINVAL, "list is NULL", dmio_reactor_pending(reactor, NULL, sizeof *list, 1));
    REFUSED(EINVAL, "size", dmio_reactor_pending(reactor, list, 0, 1));
    REFUSED(EINVAL, "NULL", dmio_reactor_pending(NULL, list, sizeof *list, 1));
    REFUSED(EBADF, "never was", dmio_reactor_pending((struct dmio_reactor *)where[0].bdev, list, sizeof *list, 1));
    pthread_t thread;
    void *answer;
    EQUAL(0, pthread_create(&thread, NULL, pending_elsewhere, reactor));
    EQUAL(0, pthread_join(thread, &answer));
    EQUAL(-EPERM, (intptr_t)answer);
    while (waiter.ended < 2)
        CHECK(dmio_reactor_poll(reactor, 1, -1) >= 0);
    EQUAL(0, dmio_reactor_pending(reactor, list, sizeof *list, 8));
    EQUAL(0, dmio_reactor_close(reactor));
    EQUAL(0, dmio_device_close(where[0].bdev));
    for (int leg = 0; leg < 2; leg++)
        EQUAL(0, dmio_device_close(before[leg]));
    free(data);
}

static int pending_in_callback = -1;

static void ask_in_callback(const struct dmio_result *result, void *context)
{
    struct dmio_pending one;
    pending_in_callback = dmio_pending(NULL, &one, sizeof one, 1);
    told_result(result, context);
}

/* Which device is stuck: the slow one is listed, with its age, until it has ended. */
static void pending_of_a_client(const char *slow)
{
    unsigned char *data = memory_of(4096, 6);
    struct io_region where[2] = {{device("quick", 64), 0, 8}, {NULL, 8, 8}};
    struct dmio_request request = {.where = where, .num_regions = 2, .rw = DMIO_WRITE, .data = data};
    struct dmio_pending list[4];
    struct waiter waiter = WAITER;
    REFUSED(EBADF, "dm_io_get", dmio_pending(NULL, list, sizeof *list, 4));
    EQUAL(0, dm_io_get(4));
    EQUAL(0, dmio_pending(NULL, list, sizeof *list, 4));
    request.num_regions = 1;
    EQUAL(0, dmio_async(NULL, &request, ask_in_callback, &waiter));
    wait_for(&waiter, 1);
    CHECK(pending_in_callback == 0);
    if (slow != NULL) {
        EQUAL(0, dmio_device_open(slow, DMIO_OPEN_BUFFERED, &where[1].bdev));
        request.num_regions = 2;
        EQUAL(0, dmio_async(NULL, &request, told_result, &waiter));
        /* The quick one ends meanwhile, and the slow one not before it has been listed: its write takes seconds. */
        int pending = 0;
        for (int i = 0; i < 400 && (pending = dmio_pending(NULL, list, sizeof *list, 4)) != 1; i++)
            usleep(10000);
        EQUAL(1, pending);
        EQUAL(1, list[0].region);
        EQUAL(8, list[0].sector);
        EQUAL(8, list[0].in_kernel);
        EQUAL(0, list[0].waiting);
        EQUAL(DMIO_WRITE, list[0].rw);
        CHECK(list[0].bdev == where[1].bdev);
        EQUAL(0, strcmp(slow, list[0].path));
        CHECK(list[0].age_us < 60000000);
        wait_for(&waiter, 2);
        EQUAL(0, dmio_pending(NULL, list, sizeof *list, 4));
        EQUAL(0, dmio_device_close(where[1].bdev));
    }

    EQUAL(0, dmio_device_close(where[0].bdev));
    EQUAL(0, dm_io_put(4));
    free(data);
}

int main(int count, char **arguments)
{
    if (count < 2)
        return 2;
    folder = arguments[1];
    setvbuf(stdout, NULL, _IOLBF, 0);
    buffer_offsets();
    reports();
    odd_end();
    priorities();
    without_waiting();
    shortage_of_pages();
    pending_of_a_reactor();
    pending_of_a_client(count > 2 ? arguments[2] : NULL);
    printf("options: %s\n", failures == 0 ? "ok" : "FAILED");
    return failures != 0;
}
