using System.Diagnostics;
using System.Globalization;
using DmIoUring.ScratchDevices;

namespace DmIoUring.RemoteLegs;

/// <summary>A remote device between two local ones, and a client that writes to all three.</summary>
internal sealed class ThreeLegs : IDisposable
{
    /// <summary>Sectors of one write.</summary>
    public const int Sectors = 64;

    public const int UnderWay = 16;

    /// <summary>The bit of the remote leg.</summary>
    public const ulong Remote = 0b010;

    private readonly LoopDevice _first = LoopDevice.Create(RemoteLeg.Size);
    private readonly LoopDevice _last = LoopDevice.Create(RemoteLeg.Size);
    private readonly BlockDevice[] _devices;

    /// <summary>Aligned: other memory travels through four pieces of the engine's own, which one stuck leg would keep from all.</summary>
    private readonly IoMemory[] _buffers = [.. Enumerable.Range(0, UnderWay).Select(static place =>
    {
        IoMemory memory = IoMemory.Allocate(Sectors * IoRegion.SectorSize);
        Data(place).CopyTo(memory.GetSpan());
        return memory;
    })];

    private readonly PageReservation _reserve;

    public ThreeLegs(RemoteLeg leg, TimeSpan? limit, IoRingKind ring = IoRingKind.Automatic)
    {
        _devices = [BlockDevice.Open(_first.Path), BlockDevice.Open(leg.Path), BlockDevice.Open(_last.Path)];

        // A worker thread for everything that can be stuck, so that the local legs are served beside it.
        Client = new DmIoClient(new DmIoOptions { Ring = ring, RequestTimeLimit = limit, WorkerThreads = 4 * UnderWay });
        _reserve = Client.Reserve(2 * UnderWay * Sectors / 8);
    }

    public DmIoClient Client { get; }

    public static byte[] Data(int seed)
    {
        byte[] data = new byte[Sectors * IoRegion.SectorSize];
        new Random(seed).NextBytes(data);
        return data;
    }

    public IoRegion[] Regions(int place) => [.. _devices.Select(device => new IoRegion(device, place * (long)Sectors, Sectors))];

    public IoRegion RemoteRegion(int place) => Regions(place)[1];

    /// <summary>Starts a write to all three, that may be under way for long.</summary>
    public Task<IoResult> Write(int place, IoFlags flags = IoFlags.None) => Client.WriteAsync(Regions(place), _buffers[place], flags).AsTask();

    public Task<IoResult>[] WriteMany(IoFlags flags = IoFlags.None) => [.. Enumerable.Range(0, UnderWay).Select(place => Write(place, flags))];

    /// <summary>Ends when all of them have, and the local legs have every byte.</summary>
    /// <param name="writes">The writes.</param>
    /// <param name="within">The longest that it may take.</param>
    /// <param name="failed">What must be failed of each of them.</param>
    /// <param name="errnos">What the remote leg may say.</param>
    /// <returns>What was seen.</returns>
    public string AllEnd(Task<IoResult>[] writes, TimeSpan within, ulong failed, params int[] errnos)
    {
        long start = Stopwatch.GetTimestamp();
        if (!Task.WaitAll(writes, within))
            throw new CheckException($"{writes.Count(static write => !write.IsCompleted)} of {writes.Length} writes have not ended after {within.TotalSeconds} s");
        double took = Stopwatch.GetElapsedTime(start).TotalSeconds;
        for (int place = 0; place < writes.Length; place++)
            Judge(writes[place].Result, failed, errnos);
        for (int place = 0; place < writes.Length; place++)
            Holds(place, failed != 0 ? [0, 2] : [0, 1, 2]);
        IoFailure first = writes[0].Result.First;
        return string.Create(CultureInfo.InvariantCulture, $"{writes.Length} writes ended in {took:0.0} s{(failed != 0 ? $", the first with {first}" : "")}");
    }

    /// <summary>Whether a result has exactly these bits.</summary>
    public static void Judge(in IoResult result, ulong failed, params int[] errnos)
    {
        if (result.Failed.Value != failed || !result.Unsupported.IsEmpty)
            throw new CheckException($"failed must be {new RegionBits(failed)} and unsupported empty: {result}");
        if (failed != 0 && errnos.Length > 0 && !errnos.Contains(result.First.Errno))
            throw new CheckException($"the errno must be one of {string.Join(", ", errnos)}: {result}");
    }

    /// <summary>Reads a place back from some legs.</summary>
    public void Holds(int place, params int[] legs)
    {
        byte[] expected = Data(place);
        foreach (int leg in legs)
        {
            byte[] read = new byte[expected.Length];
            Task<IoResult> reading = Client.ReadAsync(Regions(place)[leg], read).AsTask();
            if (!reading.Wait(TimeSpan.FromSeconds(30)))
                throw new CheckException($"a read of leg {leg} does not end");
            if (!reading.Result.IsSuccess)
                throw new CheckException($"leg {leg} can't be read: {reading.Result}");
            int odd = read.AsSpan().CommonPrefixLength(expected);
            if (odd < read.Length)
                throw new CheckException($"leg {leg}, place {place}: byte {odd} is not what was written");
        }
    }

    /// <summary>Waits until every page is back, and nothing is left of any request.</summary>
    public void NothingIsLeft()
    {
        Tool.WaitFor("the pages of the copies", () => Client.Pages.RentedPages == 0);
        if (Client.GetPendingRequestsAsync().GetAwaiter().GetResult() is { Count: > 0 } left)
            throw new CheckException($"every page is back and {left.Count} requests are under way: {left[0]}");
    }

    public void Dispose()
    {
        Client.Dispose();
        _reserve.Dispose();
        Array.ForEach(_devices, static device => device.Dispose());
        Array.ForEach(_buffers, static memory => memory.Dispose());
        _first.Dispose();
        _last.Dispose();
    }
}
