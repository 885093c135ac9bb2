using DmIoUring.Services;
using DmIoUring.Testing;

namespace DmIoUring.ServiceTests.Copying;

/// <summary>After any schedule of faults: a destination without a bit equals the source, and one with other content has its bit.</summary>
public sealed class CopyPropertyTests
{
    private const int Seeds = 400;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task AnySchedule_ADestinationWithOtherContentHasItsBit()
    {
        for (int seed = 1; seed <= Seeds; seed++)
        {
            try
            {
                await RunAsync(seed);
            }
            catch (Exception exception)
            {
                throw new InvalidOperationException($"seed {seed}", exception);
            }
        }
    }

    private static async Task RunAsync(int seed)
    {
        Random random = new(seed);
        bool isClean = random.Next(4) == 0;
        SimulatedDiskOptions source = Draw(random, isClean) with { ReadErrorRate = isClean ? 0 : random.NextDouble() * 0.1 };
        SimulatedDiskOptions destination = Draw(random, isClean) with
        {
            WriteErrorRate = isClean ? 0 : random.NextDouble() * 0.05,
            FlushErrorRate = isClean ? 0 : random.NextDouble() * 0.2,
            IsFile = random.Next(2) == 0,
            HasDiscard = random.Next(2) == 0,
            HasWriteZeroes = random.Next(2) == 0,
            LogicalBlockSize = random.Next(3) == 0 ? 4096 : 512,
        };
        int destinations = random.Next(4) switch { 0 => 1, 1 => 2, 2 => 3, _ => random.Next(1, 65) };
        int pieces = random.Next(1, 24);
        CopyServiceOptions service = new() { PiecesInFlight = random.Next(1, 8) };
        using CopyBench bench = new(destinations, source, destination, service, new DmIoOptions { Lanes = random.Next(1, 3) }, seed, pieces * CopyBench.PieceSectors);
        for (int piece = 0; piece < pieces; piece++)
        {
            if (random.Next(3) == 0)
                Array.Clear(bench.Data, piece * CopyBench.PieceBytes, CopyBench.PieceBytes);
        }

        bench.SourceDisk.Write(0, bench.Data);
        CopyOptions options = new()
        {
            OnReadError = (CopyReadErrorPolicy)random.Next(3),
            OnWriteError = (CopyWriteErrorPolicy)random.Next(3),
            SequentialWrites = random.Next(2) == 0,
            Flush = random.Next(2) == 0,
            Sparse = (CopySparse)random.Next(3),
            StartAt = random.Next(3) == 0 ? random.Next(pieces) * CopyBench.PieceSectors : 0,
        };
        bool isZeroes = random.Next(6) == 0;
        if (isZeroes)
            Array.Clear(bench.Data);
        CopyWay way = (CopyWay)random.Next(2);
        Task<CopyResult> job = isZeroes ? bench.ZeroAsync(way, options) : bench.CopyAsync(way, options);
        if (random.Next(4) == 0)
        {
            // At any moment: a job that was in flight is cancelled, and all of them are right about how far they got.
            Thread.SpinWait(random.Next(20_000));
            await bench.Service.DisposeAsync();
        }

        Check(bench, options, await job.WaitAsync(Limit));
    }

    private static SimulatedDiskOptions Draw(Random random, bool isClean) => new()
    {
        RetryRate = isClean ? 0 : random.NextDouble() * 0.1,
        ShortTransferRate = isClean ? 0 : random.NextDouble() * 0.1,
        MaxDelay = random.Next(4) == 0 ? TimeSpan.FromMicroseconds(500) : TimeSpan.Zero,
    };

    private static void Check(CopyBench bench, CopyOptions options, CopyResult result)
    {
        byte[] expected = [.. bench.Data];
        bool isStopped = result.NextSector < bench.Count;
        ulong bits = (result.Failed | result.Unsupported).Value;
        Assert.Equal(0UL, result.Failed.Value & result.Unsupported.Value);
        bool isCancelled = result.Outcome == CopyOutcome.Cancelled;
        Assert.Equal(!isCancelled && (bits != 0 || result.SourceFailure.Cause != IoFailureCause.None), result.Outcome == CopyOutcome.Failed);
        Assert.True(!isStopped || result.Outcome == CopyOutcome.Failed || isCancelled);
        Assert.True(!isCancelled || isStopped);
        Assert.True(options.OnReadError != CopyReadErrorPolicy.Stop || result.NotRead.Count == 0);
        CopyBench.Part(bench.Before, 0, options.StartAt).CopyTo(expected);
        foreach (CopyRange range in result.NotRead)
        {
            Span<byte> there = expected.AsSpan((int)range.Sector * 512, (int)range.Count * 512);
            if (options.OnReadError == CopyReadErrorPolicy.WriteZeroes)
                there.Clear();
            else
                CopyBench.Part(bench.Before, range.Sector, range.Count).CopyTo(there);
        }

        for (int i = 0; i < bench.Destinations.Length; i++)
        {
            // What comes after the sector to resume at may or may not have been written.
            byte[] content = bench.ContentOf(i);
            ReadOnlySpan<byte> done = expected.AsSpan(0, (int)result.NextSector * 512);
            long? difference = CopyBench.FirstDifference(done, content);
            bool hasBit = (bits >> i & 1) != 0;
            Assert.Equal(hasBit, result.DestinationFailures[i].Cause != IoFailureCause.None);
            Assert.True(hasBit || difference is null, $"destination {i} differs at sector {difference} and has no bit: {result}");
            Assert.True(
                difference is null || difference >= result.DestinationFailures[i].Sector / CopyBench.PieceSectors * CopyBench.PieceSectors,
                $"destination {i} differs at sector {difference}, below its first failure {result.DestinationFailures[i]}");
        }
    }
}
