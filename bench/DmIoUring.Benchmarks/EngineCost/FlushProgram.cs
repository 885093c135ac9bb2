using System.Text.Json;
using DmIoUring.ScratchDevices;
using DmIoUring.Testing;

namespace DmIoUring.Benchmarks.EngineCost;

/// <summary>
/// How many flushes a device without FUA sees of one durable write of several chunks, by each driver: counted by the medium below a loop
/// device. One JSON document.
/// </summary>
internal static class FlushProgram
{
    public const string Name = "fua-flushes";
    private const int Bytes = 8 << 20;
    private static readonly JsonSerializerOptions Format = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, WriteIndented = true };

    public static void Run()
    {
        if (FaultFile.WhyUnavailable() is { } reason)
        {
            Console.WriteLine(JsonSerializer.Serialize(new { Unavailable = reason }, Format));
            return;
        }

        using FaultFile medium = FaultFile.Create(Bytes);
        using LoopDevice loop = LoopDevice.Over(medium.Path);
        using BlockDevice device = BlockDevice.Open(loop.Path);
        using IoMemory memory = IoMemory.Allocate(Bytes);
        using DmIoClient client = new();
        using IoReactor reactor = new();
        IoRegion region = new(device, 0, Bytes / IoRegion.SectorSize);
        new Random(1).NextBytes(memory.Memory.Span);

        int sync = Count(medium, () => client.Write(region, memory, IoFlags.Fua));
        int lane = Count(medium, () => client.WriteAsync(region, memory, IoFlags.Fua).AsTask().GetAwaiter().GetResult());
        int owner = Count(medium, () =>
        {
            IoResult ended = default;
            reactor.SubmitWrite(region, memory, (result, _) => ended = result, context: null, IoFlags.Fua);
            reactor.Poll(1);
            return ended;
        });
        Console.WriteLine(JsonSerializer.Serialize(
            new { Bytes, Flushes = Math.Max(sync, Math.Max(lane, owner)), FlushesSync = sync, FlushesLane = lane, FlushesReactor = owner }, Format));
    }

    private static int Count(FaultFile medium, Func<IoResult> write)
    {
        medium.ClearLog();
        IoResult result = write();
        if (!result.IsSuccess)
            throw new IOException(result.ToString());
        MediumRequest[] changes = [.. medium.Log.Where(static request => request.Operation is MediumOperations.Write or MediumOperations.Flush)];
        if (changes is not [.., { Operation: MediumOperations.Flush }])
            throw new InvalidOperationException("The last that the medium saw of a durable write is no flush.");
        return changes.Count(static request => request.Operation == MediumOperations.Flush);
    }
}
