using System.Runtime.CompilerServices;
using DmIoUring.Drivers;
using DmIoUring.Engine;
using DmIoUring.ScratchDevices;

namespace DmIoUring.UnitTests.Drivers;

public sealed class SyncRingsTests
{
    [Fact]
    public void Thread_KeepsItsRingBetweenRequests()
    {
        using SyncRings rings = NewRings(bound: 4);
        SyncRing first = Enter(rings)!;
        first.Exit();
        SyncRing second = Enter(rings)!;
        second.Exit();

        Assert.Same(first, second);
        Assert.Equal(1, rings.Count);
    }

    [Fact]
    public void PastTheBound_ThereIsNoRing_UntilAThreadThatHasOneEnds()
    {
        using SyncRings rings = NewRings(bound: 1);
        using ManualResetEventSlim mayEnd = new();
        using ManualResetEventSlim hasOne = new();
        Thread holder = new(() =>
        {
            Enter(rings)!.Exit();
            hasOne.Set();
            mayEnd.Wait();
        });
        holder.Start();
        hasOne.Wait(TestContext.Current.CancellationToken);

        Assert.Null(Enter(rings));
        mayEnd.Set();
        holder.Join();
        SyncRing? ring = Enter(rings);

        Assert.NotNull(ring);
        ring.Exit();
        Assert.Equal(1, rings.Count);
    }

    [Fact]
    public void Ring_OfAThreadThatEnded_GoesBackWithoutAnybodyAskingForIt()
    {
        using SyncRings rings = NewRings(bound: 4);
        EnterOnAThreadThatEnds(rings);
        Assert.Equal(1, rings.Count);

        // The thread's own data goes with the first collection, what hung on it with the second.
        for (int i = 0; i < 20 && rings.Count > 0; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        Assert.Equal(0, rings.Count);
    }

    [Fact]
    public void Dispose_LeavesARingInUseToItsThread()
    {
        SyncRings rings = NewRings(bound: 4);
        SyncRing ring = Enter(rings)!;

        rings.Dispose();

        Assert.Equal(0, rings.Count);
        ring.Exit();
        Assert.False(ring.TryEnter());
        Assert.Null(Enter(rings));
    }

    [Fact]
    public void RequestThatEndsAfterDispose_IsStillCounted()
    {
        using ScratchFile file = ScratchFile.Create(1 << 20);
        using BlockDevice device = BlockDevice.Open(file.Path);
        using IoMemory memory = IoMemory.Allocate(4096);
        SyncRings rings = NewRings(bound: 4);
        SyncRing ring = Enter(rings)!;

        rings.Dispose();
        IoBuffer buffer = memory;
        IoRequestOptions options = default;
        ring.Request.Prepare(new RequestSpec(IoOperation.Write, [new IoRegion(device, 0, 8)], buffer, options));
        Assert.True(ring.Run(ring.Request).IsSuccess);
        ring.Exit();
        Assert.False(ring.TryEnter(), "A ring that was busy when all were disposed stays open.");

        EngineCounters sum = new();
        rings.AddTo(sum);
        Assert.Equal(1, sum.Requests);
    }

    private static SyncRings NewRings(int bound) => new(new KernelRingSource(), new DmIoOptions { SyncRings = bound }, new CallbackReporter(null));

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static SyncRing? Enter(SyncRings rings) => rings.TryEnter();

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void EnterOnAThreadThatEnds(SyncRings rings)
    {
        Thread thread = new(() => Enter(rings)!.Exit());
        thread.Start();
        thread.Join();
    }
}
