using System.Globalization;
using DmIoUring.Cli.Devices;
using DmIoUring.Interop;

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
    /// A file that was shortened and has grown again has a hole there. A hole by itself is no loss: file systems make some of zeroes.
    /// </summary>
    private async Task<CopyFailure?> FindLostDataAsync(DeviceFile file, CancellationToken cancellation)
    {
        IoMemory? memory = null;
        try
        {
            for (long hole = Libc.Lseek(file.Handle, 0, FileAbi.SEEK_HOLE); hole >= 0 && hole < plan.Bytes;)
            {
                long data = Libc.Lseek(file.Handle, hole, FileAbi.SEEK_DATA);
                long end = data < 0 ? plan.Bytes : Math.Min(data, plan.Bytes);
                memory ??= IoMemory.Allocate(plan.Request.BlockBytes);
                if (await FindDataInSourceAsync(hole, end, memory, cancellation) is { } sector)
                {
                    return Missing(sector, string.Create(
                        CultureInfo.InvariantCulture, $"lost what was written: it was shortened while it was copied to, and sector {sector} is empty"));
                }

                hole = data < 0 ? -1 : Libc.Lseek(file.Handle, data, FileAbi.SEEK_HOLE);
            }
        }
        finally
        {
            memory?.Dispose();
        }

        return null;
    }

    /// <summary>The first sector in a range of bytes that is not empty in the source. The source's own holes are not read.</summary>
    private async Task<long?> FindDataInSourceAsync(long from, long to, IoMemory memory, CancellationToken cancellation)
    {
        long end = Math.Min((to + IoRegion.SectorSize - 1) / IoRegion.SectorSize, plan.SectorCount);
        for (long sector = from / IoRegion.SectorSize; sector < end;)
        {
            long start = sector;
            FileExtent extent = await Task.Run(() => plan.Source.FindExtent(start), CancellationToken.None);
            sector = Math.Min(end, start + extent.Count);
            if (!extent.IsHole && await FindInDataAsync(Math.Max(from, start * IoRegion.SectorSize), Math.Min(to, sector * IoRegion.SectorSize), memory, cancellation) is { } found)
                return found;
        }

        return null;
    }

    private async Task<long?> FindInDataAsync(long from, long to, IoMemory memory, CancellationToken cancellation)
    {
        // Whole blocks are read.
        long end = Math.Min((to + plan.Unit - 1) / plan.Unit * plan.Unit / IoRegion.SectorSize, plan.SectorCount);
        for (long sector = from / plan.Unit * plan.Unit / IoRegion.SectorSize; sector < end; sector += plan.PieceSectors)
        {
            foreach ((long start, long count, bool wasRead) in notRead.Split(sector, Math.Min(plan.PieceSectors, end - sector)))
            {
                cancellation.ThrowIfCancellationRequested();
                int length = (int)count * IoRegion.SectorSize;
                if (!wasRead || !(await plan.Client.ReadAsync(new IoRegion(plan.Source, start, count), memory.Slice(0, length), cancellationToken: CancellationToken.None)).IsSuccess)
                    continue;
                int first = (int)Math.Max(0, from - start * IoRegion.SectorSize);
                int last = (int)Math.Min(length, to - start * IoRegion.SectorSize);
                if (last > first && memory.GetSpan()[first..last].IndexOfAnyExcept((byte)0) is >= 0 and int at)
                    return start + (first + at) / IoRegion.SectorSize;
            }
        }

        return null;
    }

    private static CopyFailure Missing(long sector, string message) => new(CopyPhase.Check, Errno: null, sector, IsExact: true, message);
}
