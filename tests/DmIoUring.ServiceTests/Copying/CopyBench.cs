using DmIoUring.Services;
using DmIoUring.Testing;

namespace DmIoUring.ServiceTests.Copying;

/// <summary>A simulated source full of data, destinations full of other data, and a service with pieces of 4 KiB.</summary>
internal sealed class CopyBench : IDisposable
{
    public const int PieceBytes = 4096;
    public const int PieceSectors = PieceBytes / IoRegion.SectorSize;
    public const int Pieces = 16;
    public const int Sectors = Pieces * PieceSectors;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    public CopyBench(
        int destinations = 1, SimulatedDiskOptions? source = null, SimulatedDiskOptions? destination = null, CopyServiceOptions? service = null, DmIoOptions? client = null, long seed = 1, int sectors = Sectors)
    {
        Count = sectors;
        Simulation = new StorageSimulation(seed);
        SourceDisk = Simulation.AddDisk(sectors * IoRegion.SectorSize, source);
        DestinationDisks = [.. Enumerable.Range(0, destinations).Select(_ => Simulation.AddDisk(sectors * IoRegion.SectorSize, destination))];
        Data = new byte[sectors * IoRegion.SectorSize];
        new Random((int)seed).NextBytes(Data);
        SourceDisk.Write(0, Data);
        Before = new byte[Data.Length];
        Array.Fill(Before, (byte)0xEE);
        foreach (SimulatedDisk disk in DestinationDisks)
            disk.Write(0, Before);
        Source = SourceDisk.Open(DeviceAccess.Read);
        Destinations = [.. DestinationDisks.Select(static disk => disk.Open())];
        Client = Simulation.CreateClient(client);
        Service = new CopyService(Client, (service ?? new CopyServiceOptions { PiecesInFlight = 4 }) with { PieceBytes = PieceBytes });
    }

    /// <summary>Sectors of each disk.</summary>
    public int Count { get; }

    public StorageSimulation Simulation { get; }

    public SimulatedDisk SourceDisk { get; }

    public SimulatedDisk[] DestinationDisks { get; }

    public byte[] Data { get; }

    /// <summary>What the destinations hold before.</summary>
    public byte[] Before { get; }

    public BlockDevice Source { get; }

    public BlockDevice[] Destinations { get; }

    public DmIoClient Client { get; }

    public CopyService Service { get; }

    public IoRegion From => IoRegion.Whole(Source);

    public IoRegion[] To => [.. Destinations.Select(IoRegion.Whole)];

    public Task<CopyResult> CopyAsync(CopyWay way = CopyWay.Awaited, CopyOptions? options = null) => RunAsync(way, options, From, To);

    public Task<CopyResult> ZeroAsync(CopyWay way = CopyWay.Awaited, CopyOptions? options = null) => RunAsync(way, options, source: null, To);

    public async Task<CopyResult> RunAsync(CopyWay way, CopyOptions? options, IoRegion? source, IoRegion[] destinations)
    {
        if (way == CopyWay.Awaited)
        {
            ValueTask<CopyResult> task = source is { } from ? Service.CopyAsync(from, destinations, options) : Service.WriteZeroesAsync(destinations, options);
            return await task.AsTask().WaitAsync(Limit);
        }

        TaskCompletionSource<CopyResult> ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        object context = new();
        CopyNotify notify = (result, given) =>
        {
            Assert.Same(context, given);

            // A second call throws here, and is reported.
            ended.SetResult(result);
        };
        if (source is { } read)
            Service.Submit(read, destinations, notify, context, options);
        else
            Service.SubmitWriteZeroes(destinations, notify, context, options);
        return await ended.Task.WaitAsync(Limit);
    }

    public byte[] ContentOf(int destination) => DestinationDisks[destination].Read(0, Count);

    /// <summary>The sector of a destination that differs first; null when none does.</summary>
    public static long? FirstDifference(ReadOnlySpan<byte> expected, ReadOnlySpan<byte> actual)
    {
        int same = expected.CommonPrefixLength(actual);
        return same == expected.Length ? null : same / IoRegion.SectorSize;
    }

    public void AssertCopied(int destination) => Assert.Null(FirstDifference(Data, ContentOf(destination)));

    public void AssertUntouched(int destination, int firstSector, int count) =>
        Assert.Null(FirstDifference(Part(Before, firstSector, count), Part(ContentOf(destination), firstSector, count)));

    public static ReadOnlySpan<byte> Part(byte[] bytes, long sector, long count) =>
        bytes.AsSpan((int)sector * IoRegion.SectorSize, (int)count * IoRegion.SectorSize);

    public static void AssertComplete(CopyResult result, long copied, long? count = null)
    {
        Assert.Equal(CopyOutcome.Complete, result.Outcome);
        Assert.True(result.Failed.IsEmpty);
        Assert.True(result.Unsupported.IsEmpty);
        Assert.Equal(IoFailureCause.None, result.SourceFailure.Cause);
        Assert.All(result.DestinationFailures, static failure => Assert.Equal(IoFailureCause.None, failure.Cause));
        Assert.Empty(result.NotRead);
        Assert.Equal(copied, result.SectorsCopied);
        Assert.Equal(count ?? copied, result.NextSector);
        Assert.Null(result.Exception);
    }

    public void Dispose()
    {
        Simulation.Dispose();
        Service.Dispose();
        Client.Dispose();
        foreach (BlockDevice device in Destinations)
            device.Dispose();
        Source.Dispose();
    }
}
