/* dm-io's calls and libdmio's own, by the contract: contract FOLDER. Prints what is not so; 0 when all is. */
#include "dmio-test.h"
#include <poll.h>
#include <sys/stat.h>
#include <time.h>

static const char *folder;

static struct block_device *device(const char *name, unsigned long long sectors)
{
    return device_of(folder, name, sectors);
}

static void three_legs(void)
{
    unsigned char *data = memory_of(4096, 1), *back = memory_of(4096, 99);
    /* The second ends before the region does. */
    struct io_region where[3] = {{device("a", 64), 8, 8}, {device("b", 8), 8, 8}, {device("c", 64), 16, 8}};
    unsigned long bits = 77;
    EQUAL(0, dm_io_get(16));
    EQUAL(-EIO, dm_io_sync_vm(3, where, DMIO_WRITE, data, &bits));
    EQUAL(2, bits);
    CHECK(strstr(dmio_last_error(), "failed 0b10; first: region 1, sector 8: EIO") != NULL);

    struct waiter waiter = WAITER;
    EQUAL(0, dm_io_async_vm(3, where, DMIO_WRITE, data, told, &waiter));
    wait_for(&waiter, 1);
    EQUAL(2, waiter.bits);

    for (int leg = 0; leg < 3; leg += 2) {
        EQUAL(0, dm_io_sync_vm(1, &where[leg], DMIO_READ, back, &bits));
        EQUAL(0, bits);
        EQUAL(0, memcmp(data, back, 4096));
        memset(back, 0, 4096);
    }

    /* All of the result. */
    struct dmio_request request = {.where = where, .num_regions = 3, .rw = DMIO_WRITE, .data = data};
    struct dmio_result result;
    EQUAL(-EIO, dmio_sync(NULL, &request, &result));
    EQUAL(2, result.failed);
    EQUAL(0, result.unsupported);
    EQUAL(1, result.region);
    EQUAL(8, result.sector);
    EQUAL(EIO, result.error);
    EQUAL(0, result.bytes);
    char text[128];
    int length = dmio_result_text(&result, text, sizeof text);
    EQUAL(strlen(text), length);
    CHECK(strstr(text, "failed 0b10; first: region 1, sector 8: EIO (beyond the end") == text);
    EQUAL(length, dmio_result_text(&result, text, 8));
    EQUAL(7, strlen(text));
    where[1].sector = 0;
    EQUAL(0, dmio_sync(NULL, &request, &result));
    EQUAL(3 * 4096, result.bytes);
    EQUAL(-1, result.region);
    EQUAL(0, dmio_async(NULL, &request, told_result, &waiter));
    wait_for(&waiter, 2);
    EQUAL(3 * 4096, waiter.result.bytes);
    for (int leg = 0; leg < 3; leg++)
        EQUAL(0, dmio_device_close(where[leg].bdev));
    EQUAL(0, dm_io_put(16));
    free(data);
    free(back);
}

static void sixty_four_legs(void)
{
    unsigned char *data = memory_of(4096, 2);
    struct io_region where[65];
    unsigned long bits = 0;
    EQUAL(0, dm_io_get(4));
    for (int leg = 0; leg < 64; leg++) {
        char name[16];
        snprintf(name, sizeof name, "leg%d", leg);
        where[leg] = (struct io_region){device(name, leg == 63 ? 4 : 64), 0, 8};
    }

    where[64] = where[0];
    EQUAL(-EIO, dm_io_sync_vm(64, where, DMIO_WRITE, data, &bits));
    CHECK(bits == 1UL << 63);
    struct waiter waiter = WAITER;
    EQUAL(0, dm_io_async_vm(64, where, DMIO_WRITE, data, told, &waiter));
    wait_for(&waiter, 1);
    CHECK(waiter.bits == 1UL << 63);
    where[0].count = 1000;
    EQUAL(0, dmio_device_close(where[7].bdev));
    REFUSED(EBADF, "closed", dm_io_sync_vm(64, where, DMIO_WRITE, data, &bits));
    EQUAL(0, bits);
    REFUSED(EINVAL, "65 regions", dm_io_sync_vm(65, where, DMIO_WRITE, data, &bits));
    for (int leg = 0; leg < 64; leg++)
        EQUAL(leg == 7 ? -EBADF : 0, dmio_device_close(where[leg].bdev));
    EQUAL(0, dm_io_put(4));
    free(data);
}

/* The same 64 KiB by every kind of memory, sync and async, against what the file has. */
static void kinds_of_memory(void)
{
    enum { PAGES = 16, BYTES = PAGES * DMIO_PAGE_SIZE, SECTORS = BYTES / DMIO_SECTOR_SIZE };
    unsigned char *data = memory_of(BYTES, 3), *back = memory_of(BYTES, 50);
    struct block_device *bdev = device("memory", 1024);
    struct io_region where = {bdev, 64, SECTORS};
    struct page_list list[PAGES], list_back[PAGES];
    struct bio_vec vectors[PAGES], vectors_back[PAGES];
    struct iovec iov[3] = {{back, 512}, {back + 512, 0}, {back + 512, BYTES - 512}};
    unsigned long bits = 0;
    struct waiter waiter = WAITER;
    EQUAL(0, dm_io_get(64));
    for (int i = 0; i < PAGES; i++) {
        /* Backwards in memory, so that they are pieces. */
        struct page *page = (struct page *)(data + (PAGES - 1 - i) * DMIO_PAGE_SIZE);
        struct page *page_back = (struct page *)(back + (PAGES - 1 - i) * DMIO_PAGE_SIZE);
        list[i] = (struct page_list){i + 1 < PAGES ? &list[i + 1] : NULL, page};
        list_back[i] = (struct page_list){i + 1 < PAGES ? &list_back[i + 1] : NULL, page_back};
        vectors[i] = (struct bio_vec){page, DMIO_PAGE_SIZE, 0};
        vectors_back[i] = (struct bio_vec){page_back, DMIO_PAGE_SIZE, 0};
    }

    EQUAL(0, dm_io_sync(1, &where, DMIO_WRITE, list, 0, &bits));
    EQUAL(0, dm_io_sync_bvec(1, &where, DMIO_READ, vectors_back, &bits));
    EQUAL(0, memcmp(data, back, BYTES));
    memset(back, 0, BYTES);
    EQUAL(0, dm_io_async(1, &where, DMIO_READ, list_back, 0, told, &waiter));
    wait_for(&waiter, 1);
    EQUAL(0, memcmp(data, back, BYTES));

    where.sector = 256;
    EQUAL(0, dm_io_async_bvec(1, &where, DMIO_WRITE | DMIO_FUA, vectors, told, &waiter));
    wait_for(&waiter, 2);
    memset(back, 0, BYTES);
    EQUAL(0, dm_io_sync(1, &where, DMIO_READ, list_back, 0, NULL));
    EQUAL(0, memcmp(data, back, BYTES));

    where.sector = 512;
    EQUAL(0, dm_io_async_vm(1, &where, DMIO_WRITE | DMIO_PREFLUSH, data, told, &waiter));
    wait_for(&waiter, 3);
    struct dmio_request request = {
        .where = &where, .num_regions = 1, .rw = DMIO_READ, .data = iov, .length = 3, .memory = DMIO_IOVEC};
    struct dmio_result result;
    EQUAL(0, dmio_sync(NULL, &request, &result));
    EQUAL(BYTES, result.bytes);
    EQUAL(0, memcmp(data, back, BYTES));
    EQUAL(0, waiter.bits);

    /* The offset is of the first page. */
    where.count = 8;
    EQUAL(0, dm_io_sync(1, &where, DMIO_WRITE, list, 512, &bits));
    EQUAL(0, dm_io_sync_vm(1, &where, DMIO_READ, back, &bits));
    EQUAL(0, memcmp(data + 15 * DMIO_PAGE_SIZE + 512, back, DMIO_PAGE_SIZE - 512));
    EQUAL(0, memcmp(data + 14 * DMIO_PAGE_SIZE, back + DMIO_PAGE_SIZE - 512, 512));

    /* Memory at an odd address. */
    memset(back, 0, BYTES);
    EQUAL(0, dm_io_sync_vm(1, &where, DMIO_WRITE, data + 3, &bits));
    EQUAL(0, dm_io_sync_vm(1, &where, DMIO_READ, back + 1, &bits));
    EQUAL(0, memcmp(data + 3, back + 1, 4096));

    EQUAL(0, dmio_device_close(bdev));
    EQUAL(0, dm_io_put(64));
    free(data);
    free(back);
}

/* Pages of the reserve; what is linked anew is still a list of pages. */
static void reserved_pages(void)
{
    struct page_list *list = NULL, *more = NULL, *next;
    struct block_device *bdev = device("pages", 1024);
    struct io_region where = {bdev, 0, 64};
    struct waiter waiter = WAITER;
    unsigned char *back = memory_of(32768, 1);
    unsigned long bits;
    int length = 0;
    REFUSED(EBADF, "dm_io_get", dmio_pages_get(NULL, 8, &list));
    EQUAL(0, dm_io_get(16));
    REFUSED(EINVAL, "0 pages", dmio_pages_get(NULL, 0, &list));
    REFUSED(EAGAIN, "16 pages are free", dmio_pages_get(NULL, 17, &list));
    EQUAL(0, dmio_pages_get(NULL, 8, &list));
    for (struct page_list *at = list; at != NULL; at = at->next)
        memset(at->page, 'a' + length++, DMIO_PAGE_SIZE);
    EQUAL(8, length);
    REFUSED(EAGAIN, "8 pages are free", dmio_pages_get(NULL, 9, &more));
    EQUAL(0, dmio_pages_get(NULL, 8, &more));
    EQUAL(0, dm_io_async(1, &where, DMIO_WRITE, list, 0, told, &waiter));
    wait_for(&waiter, 1);
    EQUAL(0, waiter.bits);
    EQUAL(0, dm_io_sync_vm(1, &where, DMIO_READ, back, &bits));
    for (int i = 0; i < 32768; i++)
        CHECK(back[i] == 'a' + i / DMIO_PAGE_SIZE);
    EQUAL(0, dm_io_sync(1, &where, DMIO_READ, more, 0, &bits));
    EQUAL(0, memcmp(more->page, list->page, DMIO_PAGE_SIZE));
    where.count = 8;
    EQUAL(0, dm_io_sync(1, &where, DMIO_WRITE, list, 2048, &bits));
    EQUAL(0, dm_io_sync_vm(1, &where, DMIO_READ, back, &bits));
    EQUAL('a', back[2047]);
    EQUAL('b', back[2048]);
    REFUSED(EINVAL, "32256 bytes", (where.count = 64, dm_io_sync(1, &where, DMIO_WRITE, list, 512, &bits)));

    /* The second page becomes the third. */
    next = list->next;
    list->next = next->next;
    where.count = 16;
    EQUAL(0, dm_io_sync(1, &where, DMIO_WRITE, list, 0, &bits));
    EQUAL(0, dm_io_sync_vm(1, &where, DMIO_READ, back, &bits));
    EQUAL('a', back[4095]);
    EQUAL('c', back[4096]);
    REFUSED(EINVAL, "not of this client", dmio_pages_put(NULL, next));
    REFUSED(EINVAL, "not of this client", dmio_pages_put(NULL, NULL));
    EQUAL(0, dmio_pages_put(NULL, list));
    REFUSED(EINVAL, "put back before", dmio_pages_put(NULL, list));
    EQUAL(0, dmio_device_close(bdev));
    /* more was not put back: the client takes it with it. */
    EQUAL(0, dm_io_put(16));
    REFUSED(EBADF, "dm_io_get", dmio_pages_put(NULL, more));
    free(back);
}

/* Inside, across each end and outside of an arena that is registered; what is refused; and afterwards. */
static void registered_memory(void)
{
    enum { ARENA = 16 * DMIO_PAGE_SIZE, BYTES = 4 * DMIO_PAGE_SIZE, SECTORS = BYTES / DMIO_SECTOR_SIZE };
    /* Before, across the start, from the start, inside, to the end, across the end, behind. */
    static const int offsets[] = {4, 6, 8, 14, 20, 22, 24};
    unsigned char *data = memory_of(BYTES, 12), *all = memory_of(32 * DMIO_PAGE_SIZE, 60), *arena = all + 8 * DMIO_PAGE_SIZE;
    struct io_region where = {device("registered", 256), 16, SECTORS};
    struct dmio_memory *memory, *second, *none = (struct dmio_memory *)1;
    struct dmio_client *client;
    struct dmio_reactor *reactor;
    struct waiter waiter = WAITER;
    int asked = 0;
    REFUSED(EBADF, "dm_io_get", dmio_memory_register(NULL, arena, ARENA, &none));
    CHECK(none == NULL);
    EQUAL(0, dm_io_get(4));
    EQUAL(0, dmio_memory_register(NULL, arena, ARENA, &memory));
    REFUSED(EINVAL, "registered already", dmio_memory_register(NULL, arena + ARENA - 1, 1, &none));
    REFUSED(EINVAL, "registered already", dmio_memory_register(NULL, all, 32 * DMIO_PAGE_SIZE, &none));
    REFUSED(EINVAL, "start is NULL", dmio_memory_register(NULL, NULL, ARENA, &none));
    REFUSED(EINVAL, "0 bytes", dmio_memory_register(NULL, all, 0, &none));
    REFUSED(EINVAL, "bytes", dmio_memory_register(NULL, all, SIZE_MAX, &none));
    REFUSED(EINVAL, "memory is NULL", dmio_memory_register(NULL, all, 1, NULL));
    REFUSED(EBADF, "client", dmio_memory_register((struct dmio_client *)memory, all, 1, &none));
    REFUSED(EINVAL, "NULL", dmio_memory_unregister(NULL));
    for (int pass = 0; pass < 3; pass++) {
        for (size_t i = 0; i < sizeof offsets / sizeof *offsets; i++) {
            unsigned char *piece = all + offsets[i] * DMIO_PAGE_SIZE;
            for (int byte = 0; byte < BYTES; byte++)
                data[byte] = (unsigned char)(byte * 3 + (int)i + pass);
            memcpy(piece, data, BYTES);
            EQUAL(0, dm_io_async_vm(1, &where, DMIO_WRITE, piece, told, &waiter));
            wait_for(&waiter, ++asked);
            memset(piece, 0, BYTES);
            EQUAL(0, dm_io_async_vm(1, &where, DMIO_READ, piece, told, &waiter));
            wait_for(&waiter, ++asked);
            EQUAL(0, memcmp(data, piece, BYTES));
            memset(piece, 0, BYTES);
            EQUAL(0, dm_io_sync_vm(1, &where, DMIO_READ, piece, NULL));
            EQUAL(0, memcmp(data, piece, BYTES));
        }

        /* Registered, then not, then once more, at an odd address. */
        if (pass == 0) {
            EQUAL(0, dmio_memory_unregister(memory));
            REFUSED(EBADF, "closed", dmio_memory_unregister(memory));
        } else if (pass == 1) {
            EQUAL(0, dmio_memory_register(NULL, arena + 1, ARENA - 3, &second));
            CHECK(second != memory);
        }
    }

    EQUAL(0, waiter.bits);
    EQUAL(0, dm_io_put(4));
    EQUAL(0, dmio_memory_unregister(second));
    REFUSED(EBADF, "closed", dmio_memory_unregister(second));

    /* A client and a reactor of the caller's, each of which has its own. */
    struct dmio_request request = {.where = &where, .num_regions = 1, .rw = DMIO_WRITE, .data = arena};
    EQUAL(0, dmio_client_open(NULL, 0, &client));
    EQUAL(0, dmio_reactor_open(NULL, 0, &reactor));
    EQUAL(0, dmio_memory_register(client, arena, ARENA, &memory));
    EQUAL(0, dmio_reactor_memory_register(reactor, arena, ARENA, &second));
    REFUSED(EINVAL, "registered already", dmio_reactor_memory_register(reactor, arena, 1, &none));
    REFUSED(EBADF, "reactor", dmio_reactor_memory_register((struct dmio_reactor *)client, arena, 1, &none));
    memcpy(arena, data, BYTES);
    EQUAL(0, dmio_async(client, &request, told_result, &waiter));
    wait_for(&waiter, ++asked);
    memset(arena, 0, BYTES);
    request.rw = DMIO_READ;
    EQUAL(0, dmio_reactor_submit(reactor, &request, told_result, &waiter));
    while (waiter.ended == asked)
        CHECK(dmio_reactor_poll(reactor, 1, -1) >= 0);
    EQUAL(0, waiter.bits);
    EQUAL(0, memcmp(data, arena, BYTES));
    EQUAL(0, dmio_memory_unregister(second));
    EQUAL(0, dmio_reactor_close(reactor));
    EQUAL(0, dmio_memory_unregister(memory));
    EQUAL(0, dmio_client_close(client));
    EQUAL(0, dmio_device_close(where.bdev));
    free(data);
    free(all);
}

static void operations(void)
{
    unsigned char *data = memory_of(8192, 4), zeroes[4096] = {0};
    struct io_region where[2] = {{device("one", 64), 0, 8}, {device("two", 64), 0, 8}};
    unsigned long bits = 0;
    struct waiter waiter = WAITER;
    EQUAL(0, dm_io_get(8));
    EQUAL(0, dm_io_sync_vm(2, where, DMIO_WRITE, data, &bits));
    EQUAL(0, dm_io_sync_vm(2, where, DMIO_FLUSH, NULL, &bits));
    EQUAL(0, dm_io_async_vm(2, where, DMIO_FLUSH, NULL, told, &waiter));
    wait_for(&waiter, 1);
    EQUAL(0, dm_io_sync_vm(1, where, DMIO_WRITE_ZEROES, NULL, &bits));
    EQUAL(0, dm_io_sync_vm(1, where, DMIO_READ, data, &bits));
    EQUAL(0, memcmp(data, zeroes, 4096));
    EQUAL(0, dm_io_async_vm(2, where, DMIO_WRITE_ZEROES, NULL, told, &waiter));
    wait_for(&waiter, 2);
    EQUAL(0, dm_io_async_vm(2, where, DMIO_DISCARD, NULL, told, &waiter));
    wait_for(&waiter, 3);
    EQUAL(0, dm_io_sync_vm(2, where, DMIO_DISCARD, NULL, &bits));
    EQUAL(0, waiter.bits);

    /* Skipped, and an empty flush. */
    where[0].count = where[1].count = 0;
    EQUAL(0, dm_io_sync_vm(2, where, DMIO_WRITE, NULL, &bits));
    EQUAL(0, dm_io_sync_vm(2, where, DMIO_WRITE | DMIO_PREFLUSH, NULL, &bits));

    /* The private copy is made in the call. */
    where[0].count = 8;
    memset(data, 0x5a, 4096);
    EQUAL(0, dm_io_async_vm(1, where, DMIO_WRITE | DMIO_STABLE_COPY, data, told, &waiter));
    memset(data, 0, 4096);
    wait_for(&waiter, 4);
    EQUAL(0, dm_io_sync_vm(1, where, DMIO_READ, data, &bits));
    EQUAL(0x5a, data[0]);
    EQUAL(0x5a, data[4095]);

    struct dmio_device_info info;
    EQUAL(0, dmio_device_info(where[0].bdev, &info, sizeof info));
    EQUAL(64, info.sectors);
    EQUAL(0, info.is_block_device);
    EQUAL(0, info.in_doubt);
    char path[4096];
    snprintf(path, sizeof path, "%s/one", folder);
    EQUAL(0, truncate(path, 128 * 512));
    EQUAL(0, dmio_device_refresh(where[0].bdev));
    EQUAL(0, dmio_device_info(where[0].bdev, &info, sizeof info));
    EQUAL(128, info.sectors);
    EQUAL(0, dmio_device_acknowledge_doubt(where[0].bdev));

    struct dmio_statistics statistics;
    EQUAL(0, dmio_statistics(NULL, &statistics, sizeof statistics));
    CHECK(statistics.requests >= 10);
    EQUAL(0, dmio_device_close(where[0].bdev));
    EQUAL(0, dmio_device_close(where[1].bdev));
    EQUAL(0, dm_io_put(8));
    free(data);
}

static void bad_input(void)
{
    unsigned char *data = memory_of(65536, 5);
    struct block_device *bdev = device("bad", 64);
    struct io_region where[2] = {{bdev, 0, 8}, {bdev, 8, 8}};
    struct io_region null_device = {NULL, 0, 8};
    struct page_list list = {NULL, (struct page *)data}, no_page = {NULL, NULL};
    struct bio_vec vectors[2] = {{(struct page *)data, 512, 0}, {NULL, 0, 0}};
    struct iovec iov[1] = {{data, 512}};
    unsigned long bits = 1;
    struct waiter waiter = WAITER;

    REFUSED(EBADF, "dm_io_get", dm_io_sync_vm(1, where, DMIO_READ, data, &bits));
    EQUAL(0, bits);
    REFUSED(EBADF, "dm_io_get", dm_io_async_vm(1, where, DMIO_READ, data, told, &waiter));
    REFUSED(EINVAL, "dm_io_put of 3 pages", dm_io_put(3));
    REFUSED(EINVAL, "0 pages", dm_io_get(0));
    REFUSED(EINVAL, "pages", dm_io_get(4000000000u));
    EQUAL(0, dm_io_get(3));
    REFUSED(EINVAL, "dm_io_put of 4 pages", dm_io_put(4));

    REFUSED(EINVAL, "0 regions", dm_io_sync_vm(0, where, DMIO_READ, data, &bits));
    REFUSED(EINVAL, "regions are NULL", dm_io_sync_vm(1, NULL, DMIO_READ, data, &bits));
    REFUSED(EINVAL, "read of 2 regions", dm_io_sync_vm(2, where, DMIO_READ, data, &bits));
    REFUSED(EINVAL, "4000000000 regions", dm_io_sync_vm(4000000000u, where, DMIO_WRITE, data, &bits));
    REFUSED(EINVAL, "device is NULL", dm_io_sync_vm(1, &null_device, DMIO_READ, data, &bits));
    REFUSED(EINVAL, "memory is NULL", dm_io_sync_vm(1, where, DMIO_READ, NULL, &bits));
    REFUSED(EINVAL, "memory is NULL", dm_io_sync(1, where, DMIO_READ, NULL, 0, &bits));
    REFUSED(EINVAL, "memory is NULL", dm_io_sync_bvec(1, where, DMIO_READ, NULL, &bits));
    REFUSED(EINVAL, "callback is NULL", dm_io_async_vm(1, where, DMIO_READ, data, NULL, &waiter));
    REFUSED(EINVAL, "callback is NULL", dm_io_async(1, where, DMIO_READ, &list, 0, NULL, &waiter));
    REFUSED(EINVAL, "callback is NULL", dm_io_async_bvec(1, where, DMIO_READ, vectors, NULL, &waiter));
    REFUSED(EINVAL, "no operation 5", dm_io_sync_vm(1, where, 5, data, &bits));
    REFUSED(EINVAL, "flags", dm_io_sync_vm(1, where, DMIO_READ | DMIO_FUA, data, &bits));
    REFUSED(EINVAL, "mean nothing", dm_io_sync_vm(1, where, DMIO_WRITE | 1 << 20, data, &bits));
    REFUSED(EINVAL, "flags", dm_io_sync_vm(1, where, -256, data, &bits));

    REFUSED(EINVAL, "offset", dm_io_sync(1, where, DMIO_READ, &list, 4096, &bits));
    REFUSED(EINVAL, "3584 bytes", dm_io_async(1, where, DMIO_READ, &list, 512, told, &waiter));
    REFUSED(EINVAL, "NULL", dm_io_sync(1, where, DMIO_READ, &no_page, 0, &bits));
    REFUSED(EINVAL, "Vector 1 is empty", dm_io_async_bvec(1, where, DMIO_READ, vectors, told, &waiter));

    where[0].sector = UINT64_MAX;
    REFUSED(EINVAL, "neither may be negative", dm_io_sync_vm(1, where, DMIO_READ, data, &bits));
    where[0].sector = 1ULL << 62;
    REFUSED(EINVAL, "no 64-bit offset", dm_io_sync_vm(1, where, DMIO_READ, data, &bits));
    where[0].sector = 0;
    where[0].count = UINT64_MAX;
    REFUSED(EINVAL, "neither may be negative", dm_io_async_vm(1, where, DMIO_READ, data, told, &waiter));
    where[0].count = UINT64_MAX / 512 + 2;
    REFUSED(EINVAL, "no 64-bit offset", dm_io_async_vm(1, where, DMIO_WRITE, data, told, &waiter));
    where[0].count = 8;

    struct dmio_request request = {.where = where, .num_regions = 1, .rw = DMIO_READ, .data = data, .length = 512};
    struct dmio_result result;
    REFUSED(EINVAL, "512 bytes", dmio_sync(NULL, &request, &result));
    request.length = UINT64_MAX;
    REFUSED(EINVAL, "length of memory", dmio_sync(NULL, &request, &result));
    request = (struct dmio_request){.where = where, .num_regions = 1, .data = iov, .length = 1, .memory = DMIO_IOVEC};
    REFUSED(EINVAL, "512 bytes", dmio_async(NULL, &request, told_result, &waiter));
    request.memory = 4;
    REFUSED(EINVAL, "memory 4", dmio_async(NULL, &request, told_result, &waiter));
    REFUSED(EINVAL, "request is NULL", dmio_sync(NULL, NULL, &result));
    REFUSED(EINVAL, "request is NULL", dmio_async(NULL, NULL, told_result, &waiter));
    REFUSED(EINVAL, "result is NULL", dmio_result_text(NULL, NULL, 0));
    REFUSED(EINVAL, "DMIO_CLIENT_POLLED", dmio_poll(NULL, 0));
    REFUSED(EINVAL, "DMIO_CLIENT_POLLED", dmio_client_fd(NULL));

    struct block_device *none = bdev;
    REFUSED(EINVAL, "path is NULL", dmio_device_open(NULL, 0, &none));
    REFUSED(EINVAL, "device is NULL", dmio_device_open("/", 0, NULL));
    REFUSED(ENOENT, "does not exist", dmio_device_open("/does/not/exist", 0, &none));
    CHECK(none == NULL);
    REFUSED(EINVAL, "0x100", dmio_device_open("/", 0x100, &none));
    CHECK(dmio_device_open("/dev/null", 0, &none) < 0);
    CHECK(dmio_device_open("/", 0, &none) < 0);
    REFUSED(EINVAL, "info is NULL", dmio_device_info(bdev, NULL, 8));

    /* What is no handle, and a handle of another kind. */
    struct dmio_client *client = NULL;
    EQUAL(0, dmio_client_open(NULL, 0, &client));
    REFUSED(EBADF, "device", dmio_device_close((struct block_device *)client));
    REFUSED(EBADF, "client", dmio_client_close((struct dmio_client *)bdev));
    REFUSED(EBADF, "reactor", dmio_reactor_close((struct dmio_reactor *)bdev));
    REFUSED(EBADF, "device", dmio_device_close((struct block_device *)data));
    REFUSED(EBADF, "device", dmio_device_close((struct block_device *)-1L));
    REFUSED(EINVAL, "NULL", dmio_device_close(NULL));
    REFUSED(EINVAL, "NULL", dmio_client_close(NULL));
    EQUAL(0, dmio_client_close(client));
    REFUSED(EBADF, "closed", dmio_client_close(client));
    request = (struct dmio_request){.where = where, .num_regions = 1, .data = data};
    REFUSED(EBADF, "closed", dmio_sync(client, &request, &result));
    REFUSED(EBADF, "closed", dmio_async(client, &request, told_result, &waiter));
    REFUSED(EBADF, "closed", dmio_poll(client, 0));
    struct dmio_client_options options = {.flags = 0x80};
    REFUSED(EINVAL, "0x80", dmio_client_open(&options, sizeof options, &client));
    options = (struct dmio_client_options){.lanes = 4000000000u};
    REFUSED(EINVAL, "lanes", dmio_client_open(&options, sizeof options, &client));
    options = (struct dmio_client_options){.queue_depth = 1u << 30};
    REFUSED(EINVAL, "QueueDepth", dmio_client_open(&options, sizeof options, &client));
    unsigned char larger[sizeof options + 8] = {0};
    EQUAL(0, dmio_client_open((void *)larger, sizeof larger, &client));
    EQUAL(0, dmio_client_close(client));
    larger[sizeof options] = 1;
    REFUSED(E2BIG, "field", dmio_client_open((void *)larger, sizeof larger, &client));
    CHECK(client == NULL);

    /* None of it was submitted, and the client works. A NULL context is nobody's business but the callback's. */
    EQUAL(0, waiter.ended);
    EQUAL(0, dm_io_sync_vm(1, where, DMIO_WRITE, data, &bits));
    EQUAL(0, dmio_device_close(bdev));
    REFUSED(EBADF, "closed", dmio_device_close(bdev));
    REFUSED(EBADF, "closed", dm_io_sync_vm(1, where, DMIO_WRITE, data, &bits));
    REFUSED(EBADF, "closed", dmio_device_refresh(bdev));
    /* The next one has the same place, and another handle. */
    struct block_device *next = device("next", 64);
    CHECK(next != bdev);
    REFUSED(EBADF, "closed", dmio_device_close(bdev));
    EQUAL(0, dmio_device_close(next));
    EQUAL(0, dm_io_put(3));
    REFUSED(EINVAL, "dm_io_put", dm_io_put(3));

    CHECK(strstr(dmio_strerror(-EBADF), "EBADF") == dmio_strerror(EBADF));
    CHECK(dmio_strerror(0) != NULL && dmio_strerror(-2147483647 - 1) != NULL && dmio_strerror(4000) != NULL);
    free(data);
}

/* A device that is closed, and a client that ends, while requests are in flight: all of them end. */
static void closed_in_flight(void)
{
    enum { REQUESTS = 200 };
    unsigned char *data = memory_of(1 << 20, 6);
    struct waiter waiter = WAITER;
    struct dmio_client *client;
    struct block_device *bdev = device("flight", 1 << 16);
    EQUAL(0, dmio_client_open(NULL, 0, &client));
    struct io_region where = {bdev, 0, 2048};
    struct dmio_request request = {.where = &where, .num_regions = 1, .rw = DMIO_WRITE, .data = data};
    for (int i = 0; i < REQUESTS; i++) {
        where.sector = (sector_t)(i % 32) * 2048;
        EQUAL(0, dmio_async(client, &request, told_result, &waiter));
    }

    EQUAL(0, dmio_device_close(bdev));
    REFUSED(EBADF, "closed", dmio_async(client, &request, told_result, &waiter));
    EQUAL(0, dmio_client_close(client));
    EQUAL(REQUESTS, waiter.ended);
    EQUAL(0, waiter.bits);
    free(data);
}

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;

static void wait_at_gate(const struct dmio_result *result, void *context)
{
    pthread_mutex_lock(&gate);
    pthread_mutex_unlock(&gate);
    told_result(result, context);
}

/* A callback that does not return: the close gives up, says so, and works later. */
static void callback_that_blocks(void)
{
    unsigned char *data = memory_of(4096, 11);
    struct waiter waiter = WAITER;
    struct dmio_client *client;
    struct dmio_client_options options = {.close_time_limit_ms = 50};
    struct io_region where = {device("blocks", 64), 0, 8};
    struct dmio_request request = {.where = &where, .num_regions = 1, .rw = DMIO_WRITE, .data = data};
    EQUAL(0, dmio_client_open(&options, sizeof options, &client));
    pthread_mutex_lock(&gate);
    for (int i = 0; i < 5; i++)
        EQUAL(0, dmio_async(client, &request, wait_at_gate, &waiter));
    REFUSED(ETIMEDOUT, "Close again", dmio_client_close(client));
    REFUSED(EBADF, "disposed", dmio_async(client, &request, wait_at_gate, &waiter));
    EQUAL(0, waiter.ended);
    pthread_mutex_unlock(&gate);
    wait_for(&waiter, 5);
    EQUAL(0, dmio_client_close(client));
    REFUSED(EBADF, "closed", dmio_client_close(client));
    EQUAL(5, waiter.ended);
    EQUAL(0, waiter.bits);
    EQUAL(0, dmio_device_close(where.bdev));
    free(data);
}

static struct dmio_client *other_client;
static struct io_region other_region;
static _Atomic int closed_here;

static void submit_another(const struct dmio_result *result, void *context)
{
    struct dmio_request request = {.where = &other_region, .num_regions = 1, .rw = DMIO_READ, .data = context};
    EQUAL(0, result->failed);
    EQUAL(0, dmio_async(other_client, &request, told_result, &((struct waiter *)context)[-1]));
    EQUAL(0, dmio_client_close(other_client));
    closed_here++;
}

static void two_clients(void)
{
    unsigned char *data = memory_of(4096, 7);
    struct { struct waiter waiter; unsigned char memory[4096]; } *own = calloc(1, sizeof *own);
    struct waiter waiter = WAITER;
    own->waiter = waiter;
    struct dmio_client *first;
    struct dmio_client_options options = {
        .flags = DMIO_CLIENT_SLEEP, .lanes = 2, .pages = 8, .requests = 16, .queue_depth = 32};
    other_region = (struct io_region){device("clients", 64), 0, 8};
    EQUAL(0, dm_io_get(2));
    EQUAL(0, dmio_client_open(&options, sizeof options, &first));
    options = (struct dmio_client_options){.flags = DMIO_CLIENT_WORKERS};
    EQUAL(0, dmio_client_open(&options, sizeof options, &other_client));
    CHECK(first != other_client);
    struct dmio_request request = {.where = &other_region, .num_regions = 1, .rw = DMIO_WRITE, .data = data};
    struct dmio_result result;
    EQUAL(0, dmio_sync(first, &request, &result));
    EQUAL(0, dmio_sync(other_client, &request, &result));
    /* A callback submits to another client and closes it. */
    EQUAL(0, dmio_async(first, &request, submit_another, own->memory));
    wait_for(&own->waiter, 1);
    EQUAL(0, own->waiter.bits);
    EQUAL(0, dmio_client_close(first));
    EQUAL(1, closed_here);
    REFUSED(EBADF, "closed", dmio_client_close(other_client));
    EQUAL(0, dm_io_sync_vm(1, &other_region, DMIO_READ, data, NULL));
    EQUAL(0, dm_io_put(2));
    EQUAL(0, dmio_device_close(other_region.bdev));
    free(own);
    free(data);
}

/* Many threads, submitting from 64 KiB of stack, which end with requests in flight and errors of their own. */
enum { THREADS = 24, EACH = 40 };
static struct waiter from_threads = WAITER;
static struct block_device *shared;
static unsigned char *shared_data;

static void *submit_many(void *number)
{
    struct io_region where = {shared, (sector_t)(long)number * 8, 8}, beyond = {NULL, 0, 8};
    struct dmio_request request = {.where = &where, .num_regions = 1, .rw = DMIO_WRITE, .data = shared_data};
    struct dmio_result result;
    unsigned long bits;
    struct io_region many[64];
    for (int i = 0; i < 64; i++)
        many[i] = where;
    struct bio_vec vectors[2] = {{(struct page *)shared_data, 2048, 0}, {(struct page *)(shared_data + 4096), 2048, 0}};
    EQUAL(0, strlen(dmio_last_error()));
    for (int i = 0; i < EACH; i++)
        EQUAL(0, dm_io_async_vm(1, &where, DMIO_WRITE, shared_data, told, &from_threads));
    EQUAL(0, dmio_sync(NULL, &request, &result));
    EQUAL(0, dm_io_sync_vm(64, many, DMIO_WRITE, shared_data, &bits));
    EQUAL(0, dm_io_async_bvec(1, &where, DMIO_WRITE, vectors, told, &from_threads));
    EQUAL(0, dm_io_sync_bvec(1, &where, DMIO_WRITE, vectors, &bits));
    where.sector = 1 << 20;
    REFUSED(EIO, "region 0", dm_io_sync_vm(1, &where, DMIO_WRITE, shared_data, &bits));
    EQUAL(1, bits);
    REFUSED(EINVAL, "device is NULL", dm_io_sync_vm(1, &beyond, DMIO_WRITE, shared_data, &bits));
    REFUSED(EINVAL, "device is NULL", dm_io_async_vm(1, &beyond, DMIO_WRITE, shared_data, told, &from_threads));
    return NULL;
}

static void many_threads(void)
{
    pthread_t threads[THREADS];
    pthread_attr_t small;
    pthread_attr_init(&small);
    EQUAL(0, pthread_attr_setstacksize(&small, small_stack()));
    shared = device("threads", 4096);
    shared_data = memory_of(8192, 10);
    EQUAL(0, dm_io_get(32));
    for (int round = 1; round <= 3; round++) {
        for (long i = 0; i < THREADS; i++)
            EQUAL(0, pthread_create(&threads[i], &small, submit_many, (void *)i));
        for (int i = 0; i < THREADS; i++)
            pthread_join(threads[i], NULL);
        wait_for(&from_threads, round * THREADS * (EACH + 1));
    }

    EQUAL(0, dm_io_put(32));
    EQUAL(3 * THREADS * (EACH + 1), from_threads.ended);
    EQUAL(0, from_threads.bits);
    EQUAL(0, dmio_device_close(shared));
    free(shared_data);
}

int main(int count, char **arguments)
{
    static const struct test tests[] = {
        {"three legs", three_legs},         {"64 legs", sixty_four_legs},  {"kinds of memory", kinds_of_memory},
        {"reserved pages", reserved_pages}, {"registered memory", registered_memory}, {"operations", operations}, {"bad input", bad_input},      {"closed in flight", closed_in_flight},
        {"blocks", callback_that_blocks},   {"two clients", two_clients},  {"many threads", many_threads},
    };
    if (count < 2)
        return 2;
    folder = arguments[1];
    return run_all(tests, sizeof tests / sizeof *tests);
}
