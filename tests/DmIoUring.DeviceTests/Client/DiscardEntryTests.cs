using DmIoUring.DeviceTests.Reactor;
using DmIoUring.TestSupport;
using Microsoft.Win32.SafeHandles;

namespace DmIoUring.DeviceTests.Client;

/// <summary>
/// Discards by io_uring command, of which the kernel looks at the entry again when its first try would have slept: on Linux 6.12 when the
/// entry's place is used for something else by then (blkdev_uring_cmd, block/ioctl.c). They must do what they were told all the same.
/// </summary>
public sealed class DiscardEntryTests
{
    private const int Half = 1024;
    private const int Count = 23;
    private const int Rounds = 400;

    /// <summary>Data is read into the page cache, past the library, where the discards go: their first try then always ends with EAGAIN.</summary>
    [Fact]
    public void ADiscardThatTheKernelRetries_DiscardsItsOwnRangeOnly()
    {
        using TestDevice lower = new();
        Require.Discards(lower.Path);
        using TestDevice upper = new();
        using SafeFileHandle lowerCache = File.OpenHandle(lower.Path);
        using SafeFileHandle upperCache = File.OpenHandle(upper.Path);
        using IoMemory memory = IoMemory.Allocate(8 * 4096);
        using IoReactor reactor = new(new IoReactorOptions { QueueDepth = 8 });
        byte[] cached = new byte[Half * IoRegion.SectorSize];
        EndedRequests ended = new();
        for (int round = 0; round < Rounds; round++)
        {
            int at = round * Count % (Half - Count);
            RandomAccess.Read(lowerCache, cached, 0);
            RandomAccess.Read(upperCache, cached, Half * IoRegion.SectorSize);
            reactor.SubmitDiscard([lower.Region(at, Count), upper.Region(Half + at, Count)], ended.Notify);
            reactor.Poll();
            for (int i = 0; i < 24; i++)
            {
                reactor.SubmitRead(lower.Region(Half, 8), memory.Slice(i % 6 * 4096, 4096), ended.Notify);
                if (i % 6 == 5)
                    reactor.Poll();
            }

            while (reactor.UnderWay > 0)
                reactor.Poll(reactor.UnderWay);
            Assert.All(ended.Results, result => Assert.True(result.IsSuccess, $"Round {round}: {result}"));
            ended.Results.Clear();
        }

        lower.AssertUntouched(Half, Half);
        upper.AssertUntouched(0, Half);
    }
}
