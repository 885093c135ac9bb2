/* A reactor that its own callback closes: reactor FOLDER SLOW, where each write to the file SLOW takes a second. */
#include "dmio-test.h"

static const char *folder;

struct reactor {
    struct dmio_reactor *reactor;
    int closed, again, submitted;
    struct dmio_request *request;
    struct waiter waiter;
};

static void close_reactor(const struct dmio_result *result, void *context)
{
    struct reactor *self = context;
    (void)result;
    self->closed = dmio_reactor_close(self->reactor);
    self->again = dmio_reactor_close(self->reactor);
    self->submitted = dmio_reactor_submit(self->reactor, self->request, told_result, &self->waiter);
}

/* A callback closes its reactor: what was submitted ends in the poll that runs it, and then the handle is gone. */
static void reactor_closed_in_its_callback(void)
{
    unsigned char *data = memory_of(1 << 20, 6);
    struct waiter none = WAITER;
    struct reactor self = {.closed = 1, .again = 1, .waiter = none};
    struct io_region where = {device_of(folder, "reactor", 4096), 0, 8};
    struct dmio_request request = {.where = &where, .num_regions = 1, .rw = DMIO_WRITE, .data = data};
    self.request = &request;
    EQUAL(0, dmio_reactor_open(NULL, 0, &self.reactor));
    EQUAL(0, dmio_reactor_submit(self.reactor, &request, close_reactor, &self));
    where.count = 2048;
    for (int i = 0; i < 20; i++)
        EQUAL(0, dmio_reactor_submit(self.reactor, &request, told_result, &self.waiter));
    CHECK(dmio_reactor_poll(self.reactor, 1, -1) >= 1);
    while (self.closed == 1)
        CHECK(dmio_reactor_poll(self.reactor, 1, -1) >= 1);
    EQUAL(0, self.closed);
    EQUAL(0, self.again);
    EQUAL(-EBADF, self.submitted);
    EQUAL(20, self.waiter.ended);
    EQUAL(0, self.waiter.bits);
    REFUSED(EBADF, "closed", dmio_reactor_poll(self.reactor, 0, 0));
    REFUSED(EBADF, "closed", dmio_reactor_close(self.reactor));
    EQUAL(0, dmio_device_close(where.bdev));
    free(data);
}

/* What is still in flight at the limit: the poll says so, and the handle stays until a close has seen the end of it. */
static void reactor_that_gives_up(const char *slow)
{
    unsigned char *data = memory_of(4096, 7);
    struct waiter none = WAITER, late = WAITER;
    struct reactor self = {.closed = 1, .again = 1, .waiter = none};
    struct dmio_client_options options = {.close_time_limit_ms = 50};
    struct io_region where = {device_of(folder, "quick", 64), 0, 8}, there = {NULL, 0, 8};
    struct dmio_request request = {.where = &where, .num_regions = 1, .rw = DMIO_WRITE, .data = data}, slowly = request;
    slowly.where = &there;
    self.request = &request;
    EQUAL(0, dmio_device_open(slow, 0, &there.bdev));
    EQUAL(0, dmio_reactor_open(&options, sizeof options, &self.reactor));
    EQUAL(0, dmio_reactor_submit(self.reactor, &slowly, told_result, &late));
    EQUAL(0, dmio_reactor_submit(self.reactor, &request, close_reactor, &self));
    REFUSED(ETIMEDOUT, "Close again", dmio_reactor_poll(self.reactor, 1, -1));
    EQUAL(0, self.closed);
    EQUAL(0, late.ended);
    REFUSED(EBADF, "", dmio_reactor_poll(self.reactor, 1, 0));
    REFUSED(ETIMEDOUT, "Close again", dmio_reactor_close(self.reactor));
    int error, tries = 0;
    while ((error = dmio_reactor_close(self.reactor)) == -ETIMEDOUT && tries++ < 1000)
        ;
    EQUAL(0, error);
    EQUAL(1, late.ended);
    EQUAL(0, late.bits);
    REFUSED(EBADF, "closed", dmio_reactor_close(self.reactor));
    EQUAL(0, dmio_device_close(where.bdev));
    EQUAL(0, dmio_device_close(there.bdev));
    free(data);
}

int main(int count, char **arguments)
{
    if (count < 3)
        return 2;
    folder = arguments[1];
    setvbuf(stdout, NULL, _IOLBF, 0);
    alarm(120);
    reactor_closed_in_its_callback();
    reactor_that_gives_up(arguments[2]);
    printf("reactor: %s\n", failures ? "FAILED" : "ok");
    return failures != 0;
}
