/* Closes that meet callbacks, waits, requests and other closes, and pages that are in use meanwhile: closing FOLDER. */
#include "dmio-test.h"

static const char *folder;

/* A callback that stays until it is let go. */
struct gate {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int is_in, is_open, left;
    struct waiter waiter;
    struct dmio_client *closes;
    int closed;
};

#define GATE {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 0, 0, WAITER, NULL, 1}

static void stay(const struct dmio_result *result, void *context)
{
    struct gate *gate = context;
    (void)result;
    pthread_mutex_lock(&gate->lock);
    gate->is_in++;
    pthread_cond_broadcast(&gate->changed);
    while (!gate->is_open)
        pthread_cond_wait(&gate->changed, &gate->lock);
    pthread_mutex_unlock(&gate->lock);
    if (gate->closes != NULL)
        gate->closed = dmio_client_close(gate->closes);
    pthread_mutex_lock(&gate->lock);
    gate->left++;
    pthread_cond_broadcast(&gate->changed);
    pthread_mutex_unlock(&gate->lock);
}

static void wait_until_in(struct gate *gate, int count)
{
    pthread_mutex_lock(&gate->lock);
    while (gate->is_in < count)
        pthread_cond_wait(&gate->changed, &gate->lock);
    pthread_mutex_unlock(&gate->lock);
}

static void let_go(struct gate *gate)
{
    pthread_mutex_lock(&gate->lock);
    gate->is_open = 1;
    pthread_cond_broadcast(&gate->changed);
    pthread_mutex_unlock(&gate->lock);
}

static void wait_until_left(struct gate *gate, int count)
{
    pthread_mutex_lock(&gate->lock);
    while (gate->left < count)
        pthread_cond_wait(&gate->changed, &gate->lock);
    pthread_mutex_unlock(&gate->lock);
}

static void *poll_for_ever(void *client)
{
    int ran;
    while ((ran = dmio_poll(client, -1)) > 0)
        ;
    return (void *)(long)ran;
}

static void *close_it(void *client)
{
    return (void *)(long)dmio_client_close(client);
}

/* A poller that has taken its callback is in neither the queue nor a lane: the close waits for it, on each thread that closes. */
static void callback_in_a_poll(void)
{
    unsigned char *data = memory_of(4096, 1);
    struct gate gate = GATE;
    struct dmio_client *client;
    struct dmio_client_options options = {.flags = DMIO_CLIENT_POLLED, .close_time_limit_ms = 100};
    struct io_region where = {device_of(folder, "polled", 64), 0, 8};
    struct dmio_request request = {.where = &where, .num_regions = 1, .rw = DMIO_WRITE, .data = data};
    pthread_t poller, closer;
    void *result;
    EQUAL(0, dmio_client_open(&options, sizeof options, &client));
    EQUAL(0, dmio_async(client, &request, stay, &gate));
    pthread_create(&poller, NULL, poll_for_ever, client);
    wait_until_in(&gate, 1);
    pthread_create(&closer, NULL, close_it, client);
    REFUSED(ETIMEDOUT, "dmio_poll", dmio_client_close(client));
    pthread_join(closer, &result);
    EQUAL(-ETIMEDOUT, (long)result);
    EQUAL(0, gate.left);
    REFUSED(EBADF, "", dmio_async(client, &request, stay, &gate));
    let_go(&gate);
    wait_until_left(&gate, 1);
    EQUAL(0, dmio_client_close(client));
    pthread_join(poller, NULL);
    REFUSED(EBADF, "closed", dmio_client_close(client));
    EQUAL(0, dmio_device_close(where.bdev));
    free(data);
}

/* Two pollers' callbacks close the client: neither waits for the other, which would be for ever. */
static void closed_by_callbacks_of_two_polls(void)
{
    unsigned char *data = memory_of(4096, 2);
    struct gate gate = GATE;
    struct dmio_client_options options = {.flags = DMIO_CLIENT_POLLED};
    struct io_region where = {device_of(folder, "pollers", 64), 0, 8};
    struct dmio_request request = {.where = &where, .num_regions = 1, .rw = DMIO_WRITE, .data = data};
    pthread_t pollers[2];
    EQUAL(0, dmio_client_open(&options, sizeof options, &gate.closes));
    for (int i = 0; i < 2; i++)
        pthread_create(&pollers[i], NULL, poll_for_ever, gate.closes);
    for (int i = 0; i < 2; i++) {
        EQUAL(0, dmio_async(gate.closes, &request, stay, &gate));
        wait_until_in(&gate, i + 1);
    }

    let_go(&gate);
    for (int i = 0; i < 2; i++)
        pthread_join(pollers[i], NULL);
    EQUAL(2, gate.left);
    CHECK(gate.closed == 0 || gate.closed == -EBADF);
    REFUSED(EBADF, "closed", dmio_client_close(gate.closes));
    EQUAL(0, dmio_device_close(where.bdev));
    free(data);
}

static _Atomic int early;
static struct waiter from_many = WAITER;

static void *poll_until_closed(void *client)
{
    int ran;
    while ((ran = dmio_poll(client, -1)) > 0)
        ;
    pthread_mutex_lock(&from_many.lock);
    early++;
    pthread_cond_broadcast(&from_many.changed);
    pthread_mutex_unlock(&from_many.lock);
    return NULL;
}

/* One callback wakes all that poll, and one of them runs it: a poll without a limit goes on waiting on the others. */
static void one_callback_for_many_polls(void)
{
    enum { POLLERS = 4, REQUESTS = 3000 };
    unsigned char *data = memory_of(4096, 8);
    struct dmio_client *client;
    struct dmio_client_options options = {.flags = DMIO_CLIENT_POLLED};
    struct io_region where = {device_of(folder, "many", 64), 0, 8};
    struct dmio_request request = {.where = &where, .num_regions = 1, .rw = DMIO_WRITE, .data = data};
    pthread_t pollers[POLLERS];
    EQUAL(0, dmio_client_open(&options, sizeof options, &client));
    for (int i = 0; i < POLLERS; i++)
        pthread_create(&pollers[i], NULL, poll_until_closed, client);
    for (int i = 0; i < REQUESTS && early == 0; i++) {
        EQUAL(0, dmio_async(client, &request, told_result, &from_many));
        pthread_mutex_lock(&from_many.lock);
        while (from_many.ended == i && early < POLLERS)
            pthread_cond_wait(&from_many.changed, &from_many.lock);
        pthread_mutex_unlock(&from_many.lock);
    }

    EQUAL(0, early);
    EQUAL(0, dmio_client_close(client));
    for (int i = 0; i < POLLERS; i++)
        pthread_join(pollers[i], NULL);
    EQUAL(0, dmio_device_close(where.bdev));
    free(data);
}

/* Threads that sleep in a poll without a limit are told that the client is closed, each of them. */
static void closed_while_many_poll(void)
{
    enum { POLLERS = 8, ROUNDS = 40 };
    struct dmio_client_options options = {.flags = DMIO_CLIENT_POLLED};
    pthread_t pollers[POLLERS];
    for (int round = 0; round < ROUNDS; round++) {
        struct dmio_client *client;
        EQUAL(0, dmio_client_open(&options, sizeof options, &client));
        for (int i = 0; i < POLLERS; i++)
            pthread_create(&pollers[i], NULL, poll_for_ever, client);
        usleep(round % 4 * 500);
        EQUAL(0, dmio_client_close(client));
        for (int i = 0; i < POLLERS; i++)
            pthread_join(pollers[i], NULL);
    }
}

/* Both closes give up, and both say so. */
static void two_closers_that_give_up(void)
{
    unsigned char *data = memory_of(4096, 3);
    struct gate gate = GATE;
    struct dmio_client *client;
    struct dmio_client_options options = {.close_time_limit_ms = 100};
    struct io_region where = {device_of(folder, "closers", 64), 0, 8};
    struct dmio_request request = {.where = &where, .num_regions = 1, .rw = DMIO_WRITE, .data = data};
    pthread_t closers[4];
    void *result;
    EQUAL(0, dmio_client_open(&options, sizeof options, &client));
    EQUAL(0, dmio_async(client, &request, stay, &gate));
    wait_until_in(&gate, 1);
    for (int i = 0; i < 4; i++)
        pthread_create(&closers[i], NULL, close_it, client);
    for (int i = 0; i < 4; i++) {
        pthread_join(closers[i], &result);
        EQUAL(-ETIMEDOUT, (long)result);
    }

    let_go(&gate);
    wait_until_left(&gate, 1);
    EQUAL(0, dmio_client_close(client));
    EQUAL(0, dmio_device_close(where.bdev));
    free(data);
}

/* A request has pages of the reserve in whatever shape: they are in use until it has ended. */
static void pages_in_every_shape(void)
{
    unsigned char *data = memory_of(4096, 4);
    struct gate gate = GATE;
    struct waiter waiter = WAITER;
    struct dmio_client *client;
    struct dmio_client_options options = {.pages = 64, .requests = 64};
    struct io_region where = {device_of(folder, "shapes", 64), 0, 8};
    struct dmio_request first = {.where = &where, .num_regions = 1, .rw = DMIO_WRITE, .data = data}, request = first;
    struct page_list *lists[6], *relinked;
    struct bio_vec vector;
    struct iovec iov;
    EQUAL(0, dmio_client_open(&options, sizeof options, &client));
    for (int i = 0; i < 6; i++) {
        EQUAL(0, dmio_pages_get(client, 4, &lists[i]));
        for (struct page_list *at = lists[i]; at != NULL; at = at->next)
            memset(at->page, 'a' + i, DMIO_PAGE_SIZE);
    }

    /* Its only lane is in this callback: what comes after does not end. */
    EQUAL(0, dmio_async(client, &first, stay, &gate));
    wait_until_in(&gate, 1);
    request.memory = DMIO_PAGES;
    request.data = lists[0];
    EQUAL(0, dmio_async(client, &request, told_result, &waiter));
    request.data = lists[1]->next;
    EQUAL(0, dmio_async(client, &request, told_result, &waiter));
    relinked = lists[2]->next;
    lists[2]->next = relinked->next;
    where.count = 16;
    request.data = lists[2];
    EQUAL(0, dmio_async(client, &request, told_result, &waiter));
    where.count = 8;
    vector = (struct bio_vec){lists[3]->next->page, DMIO_PAGE_SIZE, 0};
    request.memory = DMIO_BVEC;
    request.data = &vector;
    EQUAL(0, dmio_async(client, &request, told_result, &waiter));
    iov = (struct iovec){(char *)lists[4]->page + 512, DMIO_PAGE_SIZE};
    request.memory = DMIO_IOVEC;
    request.length = 1;
    request.data = &iov;
    EQUAL(0, dmio_async(client, &request, told_result, &waiter));
    request.memory = DMIO_VM;
    request.length = 0;
    request.data = (char *)lists[5]->page + 1024;
    EQUAL(0, dmio_async(client, &request, told_result, &waiter));

    for (int i = 0; i < 6; i++)
        REFUSED(EBUSY, "", dmio_pages_put(client, lists[i]));
    EQUAL(0, waiter.ended);
    let_go(&gate);
    wait_for(&waiter, 6);
    EQUAL(0, waiter.bits);
    for (int i = 0; i < 6; i++)
        EQUAL(0, dmio_pages_put(client, lists[i]));
    EQUAL(0, dmio_pages_get(client, 64, &lists[0]));
    EQUAL(0, dmio_client_close(client));
    EQUAL(0, dmio_device_close(where.bdev));
    free(data);
}

/* Pages of one client in a request of another: they outlive their client until it has ended. */
static void pages_of_another_client(void)
{
    unsigned char *data = memory_of(4096, 5), *back = memory_of(4096, 50);
    struct gate gate = GATE;
    struct waiter waiter = WAITER;
    struct dmio_client *client, *owner;
    struct dmio_client_options options = {.pages = 16};
    struct io_region where = {device_of(folder, "another", 64), 0, 8};
    struct dmio_request request = {.where = &where, .num_regions = 1, .rw = DMIO_WRITE, .data = data};
    struct page_list *list;
    EQUAL(0, dmio_client_open(NULL, 0, &client));
    EQUAL(0, dmio_client_open(&options, sizeof options, &owner));
    EQUAL(0, dmio_pages_get(owner, 16, &list));
    memcpy(list->page, data, 4096);
    EQUAL(0, dmio_async(client, &request, stay, &gate));
    wait_until_in(&gate, 1);
    request.memory = DMIO_PAGES;
    request.data = list;
    EQUAL(0, dmio_async(client, &request, told_result, &waiter));
    REFUSED(EBUSY, "", dmio_pages_put(owner, list));
    EQUAL(0, dmio_client_close(owner));
    let_go(&gate);
    wait_for(&waiter, 1);
    EQUAL(0, waiter.bits);
    EQUAL(0, dmio_client_close(client));
    EQUAL(0, dm_io_get(1));
    EQUAL(0, dm_io_sync_vm(1, &where, DMIO_READ, back, NULL));
    EQUAL(0, memcmp(data, back, 4096));
    EQUAL(0, dm_io_put(1));
    EQUAL(0, dmio_device_close(where.bdev));
    free(data);
    free(back);
}

static struct page_list *looked_at;

static void look(const struct dmio_result *result, void *context)
{
    for (struct page_list *at = looked_at; at != NULL; at = at->next)
        EQUAL('p', *(char *)at->page);
    told_result(result, context);
}

/* A client that its own callback closes: the callbacks that come afterwards still have their pages. */
static void closed_in_a_callback_with_pages(void)
{
    enum { REQUESTS = 50 };
    struct gate gate = GATE;
    struct waiter waiter = WAITER;
    struct dmio_client_options options = {.pages = 16, .requests = 64};
    struct io_region where = {device_of(folder, "looks", 4096), 0, 128};
    EQUAL(0, dmio_client_open(&options, sizeof options, &gate.closes));
    EQUAL(0, dmio_pages_get(gate.closes, 16, &looked_at));
    for (struct page_list *at = looked_at; at != NULL; at = at->next)
        memset(at->page, 'p', DMIO_PAGE_SIZE);
    struct dmio_request request = {
        .where = &where, .num_regions = 1, .rw = DMIO_WRITE, .data = looked_at, .memory = DMIO_PAGES};
    EQUAL(0, dmio_async(gate.closes, &request, stay, &gate));
    wait_until_in(&gate, 1);

    /* A part of the list, and its memory's address. */
    request.data = looked_at->next;
    where.count = 120;
    for (int i = 0; i < REQUESTS / 2; i++)
        EQUAL(0, dmio_async(gate.closes, &request, look, &waiter));
    request.memory = DMIO_VM;
    request.data = looked_at->page;
    where.count = 8;
    for (int i = 0; i < REQUESTS / 2; i++)
        EQUAL(0, dmio_async(gate.closes, &request, look, &waiter));
    let_go(&gate);
    wait_for(&waiter, REQUESTS);
    wait_until_left(&gate, 1);
    EQUAL(0, gate.closed);
    EQUAL(0, waiter.bits);
    REFUSED(EBADF, "closed", dmio_pages_put(gate.closes, looked_at));
    EQUAL(0, dmio_device_close(where.bdev));
}

/* Lists are walked while another thread closes their client: refused or carried out, never freed memory. */
struct walker {
    struct dmio_client *client;
    struct page_list *list;
    struct io_region where;
    struct waiter waiter;
    int submitted;
};

static void *submit_until_closed(void *of)
{
    struct walker *walker = of;
    struct dmio_request request = {
        .where = &walker->where, .num_regions = 1, .rw = DMIO_WRITE, .data = walker->list, .memory = DMIO_PAGES};
    int error;
    while ((error = dmio_async(walker->client, &request, told_result, &walker->waiter)) == 0)
        walker->submitted++;
    EQUAL(-EBADF, error);
    return NULL;
}

static void lists_walked_while_closing(void)
{
    enum { ROUNDS = 30 };
    struct waiter none = WAITER;
    struct dmio_client_options options = {.pages = 256};
    struct block_device *bdev = device_of(folder, "walks", 4096);
    for (int round = 0; round < ROUNDS; round++) {
        struct walker walkers[2];
        struct dmio_client *client;
        pthread_t threads[2];
        EQUAL(0, dmio_client_open(&options, sizeof options, &client));
        for (int i = 0; i < 2; i++) {
            walkers[i] = (struct walker){.client = client, .where = {bdev, 0, i == 0 ? 1024 : 8}, .waiter = none};
            EQUAL(0, dmio_pages_get(client, 128, &walkers[i].list));
            pthread_create(&threads[i], NULL, submit_until_closed, &walkers[i]);
        }

        usleep(round % 5 * 300);
        EQUAL(0, dmio_client_close(client));
        for (int i = 0; i < 2; i++) {
            pthread_join(threads[i], NULL);
            EQUAL(walkers[i].submitted, walkers[i].waiter.ended);
        }
    }

    EQUAL(0, dmio_device_close(bdev));
}

/* A region of no sectors is skipped, its device too, unless what is asked is of the device. */
static void skipped_regions(void)
{
    unsigned char *data = memory_of(4096, 7);
    struct waiter waiter = WAITER;
    struct io_region where[3] = {{NULL, 0, 0}, {device_of(folder, "skips", 64), 0, 8}, {device_of(folder, "gone", 64), 0, 0}};
    unsigned long bits = 1;
    EQUAL(0, dmio_device_close(where[2].bdev));
    EQUAL(0, dm_io_get(2));
    EQUAL(0, dm_io_sync_vm(3, where, DMIO_WRITE, data, &bits));
    EQUAL(0, bits);
    EQUAL(0, dm_io_async_vm(3, where, DMIO_WRITE_ZEROES, NULL, told, &waiter));
    wait_for(&waiter, 1);
    EQUAL(0, waiter.bits);
    where[1].sector = 64;
    EQUAL(-EIO, dm_io_sync_vm(3, where, DMIO_WRITE, data, &bits));
    EQUAL(2, bits);
    where[1].sector = 0;
    REFUSED(EINVAL, "NULL", dm_io_sync_vm(3, where, DMIO_WRITE | DMIO_PREFLUSH, data, &bits));
    REFUSED(EBADF, "closed", dm_io_sync_vm(2, where + 1, DMIO_FLUSH, NULL, &bits));
    REFUSED(EBADF, "closed", dm_io_sync_vm(1, where + 2, DMIO_WRITE, data, &bits));
    EQUAL(0, dm_io_put(2));
    EQUAL(0, dmio_device_close(where[1].bdev));
    free(data);
}

int main(int count, char **arguments)
{
    static const struct test tests[] = {
        {"a callback in a poll", callback_in_a_poll},
        {"closed by callbacks of two polls", closed_by_callbacks_of_two_polls},
        {"one callback for many polls", one_callback_for_many_polls},
        {"closed while many poll", closed_while_many_poll},
        {"two closers that give up", two_closers_that_give_up},
        {"pages in every shape", pages_in_every_shape},
        {"pages of another client", pages_of_another_client},
        {"closed in a callback, with pages", closed_in_a_callback_with_pages},
        {"lists walked while closing", lists_walked_while_closing},
        {"skipped regions", skipped_regions},
    };
    if (count < 2)
        return 2;
    folder = arguments[1];
    alarm(120);
    return run_all(tests, sizeof tests / sizeof *tests);
}
