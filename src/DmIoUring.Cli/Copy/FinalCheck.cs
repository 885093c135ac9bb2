using System.Globalization;
using DmIoUring.Cli.Devices;

namespace DmIoUring.Cli.Copy;

/// <summary>
/// Looks, after the flush, whether all that was written is still there: somebody else may have shortened, removed or replaced a destination
/// while it was copied to, and every write was right all the same.
/// </summary>
internal sealed class FinalCheck(CopyPlan plan, NotReadRanges notRead)
{
    /// <summary>What is missing on a destination first; <see langword="null"/> when nothing is.</summary>
    /// <exception cref="OperationCanceledException">It was cancelled before all was looked at.</exception>
    public async Task<CopyFailure?> RunAsync(DeviceFile file, CancellationToken cancellation)
    {
        long size;
        try
        {
            size = file.Device.Refresh();
        }
        catch (IOException exception)
        {
            return Missing(0, exception.Message);
        }

        if (size < plan.Bytes)
        {
            return Missing(size / IoRegion.SectorSize, string.Create(
                CultureInfo.InvariantCulture,
                $"was shortened while it was copied to: it has {Quantity.Exact(size)} of {Quantity.Exact(plan.Bytes)}, and nothing from sector {size / IoRegion.SectorSize} on"));
        }

        if (file.Device.IsBlockDevice)
            return null;
        return file.WhyPathIsStale() is { } why
            ? Missing(0, $"was removed or replaced while it was copied to ({why})")
            : await FindLostDataAsync(file, cancellation);
    }

    /// <summary>
    /// A file that was shortened and has grown again has a hole there. A hole by itself is no loss: file systems make some of zeroes. The odd end is not looked at.
    /// </summary>
    private async Task<CopyFailure?> FindLostDataAsync(DeviceFile file, CancellationToken cancellation)
    {
        IoMemory? memory = null;
        try
        {
            for (long sector = 0; sector < plan.SectorCount;)
            {
                FileExtent extent;
                try
                {
                    extent = await FindExtentAsync(file.Device, sector);
                }
                catch (IOException exception)
                {
                    return Missing(sector, exception.Message);
                }

                sector = Math.Min(sector + extent.Count, plan.SectorCount);
                if (!extent.IsHole)
                    continue;
                memory ??= IoMemory.Allocate(plan.Request.BlockBytes);
                if (await FindDataInSourceAsync(extent.Sector, sector, memory, cancellation) is { } lost)
                {
                    return Missing(lost, string.Create(
                        CultureInfo.InvariantCulture, $"lost what was written: it was shortened while it was copied to, and sector {lost} is empty"));
                }
            }
        }
        finally
        {
            memory?.Dispose();
        }

        return null;
    }

    /// <summary>The first sector from one to another that is not empty in the source. The source's own holes are not read.</summary>
    private async Task<long?> FindDataInSourceAsync(long from, long to, IoMemory memory, CancellationToken cancellation)
    {
        for (long sector = from; sector < to;)
        {
            FileExtent extent = await FindExtentAsync(plan.Source, sector);
            sector = Math.Min(to, sector + extent.Count);
            if (!extent.IsHole && await FindInDataAsync(extent.Sector, sector, memory, cancellation) is { } found)
                return found;
        }

        return null;
    }

    private async Task<long?> FindInDataAsync(long from, long to, IoMemory memory, CancellationToken cancellation)
    {
        // Whole blocks are read.
        long block = plan.Unit / IoRegion.SectorSize;
        long end = Math.Min((to + block - 1) / block * block, plan.SectorCount);
        for (long sector = from / block * block; sector < end; sector += plan.PieceSectors)
        {
            foreach ((long start, long count, bool wasRead) in notRead.Split(sector, Math.Min(plan.PieceSectors, end - sector)))
            {
                cancellation.ThrowIfCancellationRequested();
                int length = (int)count * IoRegion.SectorSize;
                if (!wasRead || !(await plan.Client.ReadAsync(new IoRegion(plan.Source, start, count), memory.Slice(0, length), cancellationToken: CancellationToken.None)).IsSuccess)
                    continue;
                int first = (int)Math.Max(0, (from - start) * IoRegion.SectorSize);
                int last = (int)Math.Min(length, (to - start) * IoRegion.SectorSize);
                if (last > first && memory.GetSpan()[first..last].IndexOfAnyExcept((byte)0) is >= 0 and int at)
                    return start + (first + at) / IoRegion.SectorSize;
            }
        }

        return null;
    }

    /// <summary>Not on a callback's thread: the file system may read to answer.</summary>
    private static Task<FileExtent> FindExtentAsync(BlockDevice device, long sector) => Task.Run(() => device.FindExtent(sector), CancellationToken.None);

    private static CopyFailure Missing(long sector, string message) => new(CopyPhase.Check, Errno: null, sector, IsExact: true, message);
}
