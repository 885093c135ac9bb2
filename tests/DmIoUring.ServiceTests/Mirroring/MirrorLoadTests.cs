using DmIoUring.ScratchDevices;
using DmIoUring.Services;
using DmIoUring.TestSupport;
using DmIoUring.Testing;

namespace DmIoUring.ServiceTests.Mirroring;

/// <summary>Many threads on a mirror of loop devices, in the middle of which a leg fails, is replaced and resynchronized.</summary>
public sealed class MirrorLoadTests
{
    private const int Threads = 6;
    private const long Sectors = 8192;
    private const long RegionSectors = 128;
    private const int LegBytes = (int)(Sectors + 128) * 512;

    [Theory]
    [InlineData(IoRingKind.IoUring, false)]
    [InlineData(IoRingKind.IoUring, true)]
    [InlineData(IoRingKind.Workers, false)]
    public async Task LegThatFailsUnderLoad_FailsNoRequest_AndItsReplacementIsEqualToTheOthers(IoRingKind ring, bool hasChecksums)
    {
        RequireFault.Here();
        CancellationToken cancel = TestContext.Current.CancellationToken;
        using FaultDevice first = new(size: LegBytes), second = new(size: LegBytes), third = new(DeviceKind.Loop4096, LegBytes), spare = new(size: LegBytes);
        await using DmIoClient client = new(new DmIoOptions { Ring = ring });
        await using MirrorDevice mirror = await MirrorDevice.CreateAsync(
            client, [first.Device, second.Device, third.Device],
            new MirrorCreateOptions { Sectors = Sectors, RegionSectors = RegionSectors, Checksums = hasChecksums },
            new MirrorOptions { CleanAfter = TimeSpan.FromMilliseconds(20), ReadPolicy = MirrorReadPolicy.RoundRobin }, cancel);
        using CancellationTokenSource end = new();
        long[] requests = new long[Threads];
        Task[] load = [.. Enumerable.Range(0, Threads).Select(thread => Task.Run(() => LoadAsync(mirror, thread, requests, end.Token), cancel))];

        // New: the second and the third leg are resynchronized for the first time.
        Assert.True((await mirror.ResyncAsync(cancellationToken: cancel)).IsComplete);
        WaitFor(requests, load);

        // Writes behind the middle fail now, reads everywhere, flushes too.
        second.File.Fail(MediumOperations.Write, errno: 5, firstSector: Sectors / 2);
        second.File.Fail(MediumOperations.Read, errno: 5);
        Assert.True(SpinWait.SpinUntil(() => mirror.Legs[1].State == MirrorLegState.OutOfSync, Notification.Limit));
        WaitFor(requests, load);
        await mirror.ReplaceAsync(1, spare.Device, cancellationToken: cancel);
        WaitFor(requests, load);
        MirrorResyncResult result = await mirror.ResyncAsync(cancellationToken: cancel);
        Assert.True(result.IsComplete, result.ToString());
        Assert.Equal(Sectors / RegionSectors, result.CopiedRegions);
        WaitFor(requests, load);

        // A leg that is taken out and comes back lacks what was written meanwhile only.
        await mirror.TakeOutAsync(0);
        WaitFor(requests, load);
        Assert.True((await mirror.ResyncAsync(cancellationToken: cancel)).IsComplete);
        await end.CancelAsync();
        await Task.WhenAll(load);
        Assert.All(mirror.Legs, static leg => Assert.Equal((MirrorLegState.InSync, 0L), (leg.State, leg.CorruptReads)));
        await mirror.DisposeAsync();

        byte[] expected = first.File.ReadDurable(0, Sectors);
        foreach (FaultDevice leg in (ReadOnlySpan<FaultDevice>)[third, spare])
        {
            int same = expected.AsSpan().CommonPrefixLength(leg.File.ReadDurable(0, Sectors));
            Assert.True(same == expected.Length, $"{leg.Path} differs from byte {same} on");
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task SteadyState_AllocatesNothingForARequest(bool hasChecksums)
    {
        RequireLoop.Here();
        using LoopDevice left = LoopDevice.Create(LegBytes), right = LoopDevice.Create(LegBytes);
        using BlockDevice first = BlockDevice.Open(left.Path), second = BlockDevice.Open(right.Path);
        using DmIoClient client = new();
        await using MirrorDevice mirror = await MirrorDevice.CreateAsync(
            client, [first, second], new MirrorCreateOptions { AssumeEqual = true, Checksums = hasChecksums }, new MirrorOptions { CleanAfter = Timeout.InfiniteTimeSpan }, TestContext.Current.CancellationToken);
        using IoMemory memory = IoMemory.Allocate(4096);

        // What belongs to no request, such as a thread's first ring, comes at any time and once.
        long least = long.MaxValue;
        for (int round = 0; round < 10 && least > 0; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 200; i++)
                Ask(mirror, memory);
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.Equal(0, least);
    }

    private static void Ask(MirrorDevice mirror, IoMemory memory)
    {
        if (!mirror.Write(64, 8, memory).IsSuccess || !mirror.Read(64, 8, memory).IsSuccess)
            throw new InvalidOperationException("A request failed.");
    }

    private static async Task LoadAsync(MirrorDevice mirror, int thread, long[] requests, CancellationToken end)
    {
        Random random = new(thread);
        using IoMemory memory = IoMemory.Allocate(64 << 10);
        using IoMemory read = IoMemory.Allocate(64 << 10);
        byte[] expected = new byte[64 << 10];
        long own = Sectors / Threads / 8 * 8;
        while (!end.IsCancellationRequested)
        {
            // Each thread reads back what it has written in a part that is its own, and writes into those of all.
            long count = random.Next(1, 16) * 8;
            long sector = thread * own + random.NextInt64((own - count) / 8) * 8;
            random.NextBytes(memory.GetSpan()[..(int)(count * 512)]);
            Check(random.Next(2) == 0
                ? mirror.Write(sector, count, memory, random.Next(8) == 0 ? IoFlags.Fua : IoFlags.None)
                : await mirror.WriteAsync(sector, count, memory, random.Next(8) == 0 ? IoFlags.Preflush : IoFlags.None));
            memory.GetSpan()[..(int)(count * 512)].CopyTo(expected);
            Check(random.Next(2) == 0 ? mirror.Read(sector, count, read) : await mirror.ReadAsync(sector, count, read));
            if (!read.GetSpan()[..(int)(count * 512)].SequenceEqual(expected.AsSpan(0, (int)(count * 512))))
                throw new InvalidOperationException($"thread {thread} did not read back what it wrote to sectors {sector}+{count}");
            if (random.Next(16) == 0)
                Check(await mirror.FlushAsync());
            if (random.Next(16) == 0)
                Check(await mirror.WriteZeroesAsync(sector, count));
            Interlocked.Increment(ref requests[thread]);
        }
    }

    /// <summary>Until each thread has made some requests more, or has ended.</summary>
    private static void WaitFor(long[] requests, Task[] load)
    {
        long[] before = [.. requests];
        Assert.True(SpinWait.SpinUntil(
            () => load.Any(static task => task.IsCompleted) || Enumerable.Range(0, Threads).All(thread => Interlocked.Read(ref requests[thread]) >= before[thread] + 20), Notification.Limit));
        Assert.DoesNotContain(load, static task => task.IsFaulted);
    }

    private static void Check(MirrorResult result)
    {
        if (!result.IsSuccess)
            throw new IOException(result.ToString());
    }
}
