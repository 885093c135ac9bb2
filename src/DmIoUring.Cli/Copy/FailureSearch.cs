using System.Globalization;

namespace DmIoUring.Cli.Copy;

/// <summary>Narrows a piece that failed down to the sector, by doing it again block by block.</summary>
internal static class FailureSearch
{
    private const long PartSectors = (1 << 20) / IoRegion.SectorSize;

    /// <summary>Where a read fails first.</summary>
    public static async Task<CopyFailure> InReadAsync(DmIoClient client, BlockDevice device, FirstFailure failed, IoMemory memory) =>
        await RunAsync(device, failed, (region, offset) =>
            client.ReadAsync(region, memory.Slice(offset, region.Count * IoRegion.SectorSize)));

    /// <summary>Where a write fails first; the memory holds the piece's data.</summary>
    public static async Task<CopyFailure> InWriteAsync(DmIoClient client, BlockDevice device, FirstFailure failed, IoMemory memory) =>
        await RunAsync(device, failed, (region, offset) =>
            client.WriteAsync(region, memory.Slice(offset, region.Count * IoRegion.SectorSize)));

    /// <summary>In parts first, so that a large piece on a slow device does not take minutes; then block by block.</summary>
    private static async Task<CopyFailure> RunAsync(BlockDevice device, FirstFailure failed, Func<IoRegion, long, ValueTask<IoResult>> again)
    {
        int block = device.LogicalBlockSize / IoRegion.SectorSize;
        long part = Math.Max(PartSectors, block);
        for (long done = 0; done < failed.Count; done += part)
        {
            long count = Math.Min(part, failed.Count - done);
            if (failed.Count > part && await TryAsync(done, count) is null)
                continue;
            for (long within = 0; within < count; within += block)
            {
                if (await TryAsync(done + within, Math.Min(block, count - within)) is { } failure)
                    return Exact(failed.Phase, failure with { Sector = failed.Sector + done + within });
            }
        }

        return NotAgain(failed);

        async ValueTask<IoFailure?> TryAsync(long offset, long count)
        {
            IoResult result = await again(new IoRegion(device, failed.Sector + offset, count), offset * IoRegion.SectorSize);
            return result.IsSuccess ? null : result.First;
        }
    }

    private static CopyFailure Exact(CopyPhase phase, IoFailure failure) => new(
        phase, failure.ErrnoName, failure.Sector, IsExact: true,
        string.Create(CultureInfo.InvariantCulture, $"{Verb(phase)} sector {failure.Sector}: {failure.ErrnoName}{Cause(failure)}"));

    private static CopyFailure NotAgain(FirstFailure failed) => new(
        failed.Phase, failed.Failure?.ErrnoName, failed.Sector, IsExact: false,
        string.Create(CultureInfo.InvariantCulture,
            $"{Verb(failed.Phase)} {failed.Count} sectors at sector {failed.Sector}: {failed.Failure?.ErrnoName ?? "failed"}; the same blocks one by one did not fail"));

    private static string Verb(CopyPhase phase) => phase == CopyPhase.Read ? "reading" : "writing";

    private static string Cause(IoFailure failure) => failure.Cause switch
    {
        IoFailureCause.EndedEarly => " (the device ended there)",
        IoFailureCause.RetriesExhausted => " (busy after every retry)",
        _ => "",
    };
}
