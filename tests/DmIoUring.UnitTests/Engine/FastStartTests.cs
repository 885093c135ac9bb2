using DmIoUring.Engine;
using DmIoUring.Interop;
using DmIoUring.Memory;
using DmIoUring.Submission;
using DmIoUring.TestSupport;

namespace DmIoUring.UnitTests.Engine;

/// <summary>What the fast path does beside filling entries.</summary>
public sealed unsafe class FastStartTests
{
    [Fact]
    public void TheFirstRequestAfterAReservation_TravelsAsARegisteredBuffer()
    {
        using PagePool pool = new();
        using RingScript script = new();
        using EngineBench bench = new(script, pool: pool, holdsDevices: true, startsStraight: true);
        OwnerSubmission owner = new(bench.Engine, pool, 1 << 20);
        Submit(owner, bench, bench.Memory);
        for (int round = 0; round < 3; round++)
        {
            // Each reservation makes another table, which the ring has not seen.
            using PageReservation reservation = pool.Reserve(16);
            using (PageList pages = pool.Rent(1))
            {
                Submit(owner, bench, pages);
                Assert.Equal(IoUring.IORING_OP_READ_FIXED, script.Taken[^1].opcode);
            }
        }
    }

    [Fact]
    public void TheEventfdsPoll_IsArmedAgain_WheneverTheKernelHasEndedIt()
    {
        using RingScript script = new();
        using EngineBench bench = new(script);
        script.CompletePerEnter = static _ => 0;
        bench.Engine.WakeOn(eventfd: 77);
        for (int polls = 1; polls <= 3; polls++)
        {
            bench.Turn();
            Assert.Equal(polls, script.Taken.Count(static entry => entry.opcode == IoUring.IORING_OP_POLL_ADD));
            script.Completions.Enqueue(new IoUringCqe { user_data = script.Taken[^1].user_data, res = 1, flags = IoUring.IORING_CQE_F_MORE });
            bench.Turn();
            Assert.Equal(polls, script.Taken.Count(static entry => entry.opcode == IoUring.IORING_OP_POLL_ADD));
            script.Completions.Enqueue(new IoUringCqe { user_data = script.Taken[^1].user_data, res = 1 });
            bench.Turn();
        }
    }

    private static void Submit(OwnerSubmission owner, EngineBench bench, IoBuffer buffer)
    {
        int ended = 0;
        IoRequestOptions options = default;
        RequestSpec spec = new(IoOperation.Read, [new IoRegion(bench.Devices[0], 0, 8)], buffer, options, (_, _) => ended++);
        if (!owner.TrySubmitFast(spec))
            owner.Submit(spec);
        while (ended == 0)
            bench.Engine.Turn(wait: true);
    }
}
