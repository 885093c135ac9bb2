using DmIoUring.Engine;
using DmIoUring.Interop;
using FsCheck;
using FsCheck.Fluent;

namespace DmIoUring.Tests.Engine;

/// <summary>Random requests against random answers, compared with a model that knows no ring.</summary>
public sealed class EngineModelTests
{
    [Fact]
    public void AnyAnswersInAnyOrder_EndEachRequestOnce_WithTheBitsAndBytesOfTheModel() =>
        Prop.ForAll(ArbMap.Default.ArbFor<int>(), RunSeed).Check(Config.QuickThrowOnFailure.WithMaxTest(300));

    private static bool RunSeed(int seed)
    {
        Random random = new(seed);
        using RingScript script = new(capacity: random.Next(1, 9), queueLength: random.Next(1, 9));
        using EngineBench bench = new(script, chunkBytes: 4096 << random.Next(0, 4));
        HashSet<(int Device, ulong Block)> badBlocks = [];
        int unit = bench.Devices[0].LogicalBlockSize;
        for (int i = random.Next(0, 40); i > 0; i--)
            badBlocks.Add((bench.Devices[random.Next(3)].Descriptor, (ulong)random.Next(0, 480)));

        script.NextToComplete = random.Next;
        script.CompletePerEnter = count => random.Next(0, count + 1);
        script.TakePerEnter = count => random.Next(4) == 0 ? random.Next(0, count + 1) : count;
        script.Answer = entry =>
        {
            if (random.Next(8) == 0)
                return random.Next(2) == 0 ? -Errno.EAGAIN : -Errno.EINTR;
            ulong first = entry.off / (ulong)unit;
            uint blocks = entry.len / (uint)unit;
            uint good = 0;
            while (good < blocks && !badBlocks.Contains((entry.fd, first + good)))
                good++;
            if (good == 0)
                return -Errno.EIO;
            uint transferred = good * (uint)unit;
            return random.Next(4) == 0 ? random.Next(1, (int)transferred + 1) : (int)transferred;
        };

        List<(Request Request, IoRegion[] Regions)> requests = [];
        for (int i = random.Next(1, 6); i > 0; i--)
        {
            IoRegion[] regions = new IoRegion[random.Next(1, 9)];
            for (int region = 0; region < regions.Length; region++)
            {
                // No two overlap, so that every byte on the disks has one writer.
                long start = ((i - 1) * 8) + region;
                regions[region] = new IoRegion(bench.Devices[random.Next(3)], start * 12 * bench.Block, random.Next(0, 13) * bench.Block);
            }

            requests.Add((bench.Start(IoOperation.Write, regions), regions));
        }

        foreach ((Request request, IoRegion[] regions) in requests)
        {
            bench.RunToEnd(request);
            for (int region = 0; region < regions.Length; region++)
                AssertRegion(bench, request.Result, region, regions[region], badBlocks);
        }

        Assert.True(bench.IsIdle);
        Assert.Equal(0, bench.Counters.Stale);
        Assert.Equal(requests.Count, bench.Counters.Requests);
        Assert.InRange(script.MostInKernel, 0, script.Capacity);
        return true;
    }

    private static void AssertRegion(
        EngineBench bench, IoResult result, int index, IoRegion region, HashSet<(int Device, ulong Block)> badBlocks)
    {
        long first = region.Sector / bench.Block;
        long count = region.Count / bench.Block;
        bool bad = false;
        for (long block = first; block < first + count; block++)
            bad |= badBlocks.Contains((region.Device.Descriptor, (ulong)block));
        Assert.Equal(bad, result.Failed[index]);
        Assert.False(result.Unsupported[index]);
        if (bad)
            return;
        ReadOnlySpan<byte> disk = bench.Script.Disk(region.Device).AsSpan((int)region.Sector * 512, (int)region.Count * 512);
        Assert.True(disk.SequenceEqual(bench.Memory.Memory.Span[..disk.Length]), $"Region {index} holds other bytes.");
    }
}
