using System.Globalization;
using DmIoUring.Cli.Devices;
using DmIoUring.Interop;

namespace DmIoUring.Cli.Copy;

/// <summary>
/// Looks, after the flush, whether all that was written is still there: somebody else may have shortened, removed or replaced a destination
/// while it was copied to, and every write was right all the same.
/// </summary>
internal sealed class FinalCheck(CopyPlan plan, Func<long, bool> isUnreadable)
{
    /// <summary>What is missing on a destination first; <see langword="null"/> when nothing is.</summary>
    public async Task<CopyFailure?> RunAsync(DeviceFile file)
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
            : await FindLostDataAsync(file);
    }

    /// <summary>
    /// A file that was shortened and has grown again has a hole there. A hole by itself is no loss: file systems make some of zeroes.
    /// </summary>
    private async Task<CopyFailure?> FindLostDataAsync(DeviceFile file)
    {
        IoMemory? memory = null;
        try
        {
            for (long hole = Libc.Lseek(file.Handle, 0, FileAbi.SEEK_HOLE); hole >= 0 && hole < plan.Bytes;)
            {
                long data = Libc.Lseek(file.Handle, hole, FileAbi.SEEK_DATA);
                long end = data < 0 ? plan.Bytes : Math.Min(data, plan.Bytes);
                memory ??= IoMemory.Allocate(plan.Request.BlockBytes);
                if (await FindDataInSourceAsync(hole, end, memory) is { } sector)
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

    /// <summary>The first sector in a range of bytes that is not empty in the source.</summary>
    private async Task<long?> FindDataInSourceAsync(long from, long to, IoMemory memory)
    {
        long pieceBytes = plan.Request.BlockBytes;
        for (long piece = from / pieceBytes; piece < plan.PieceCount && piece * pieceBytes < to; piece++)
        {
            (long sector, long count) = plan.Piece(piece);
            int length = (int)count * IoRegion.SectorSize;
            if (isUnreadable(piece) || !(await plan.Client.ReadAsync(new IoRegion(plan.Source, sector, count), memory.Slice(0, length))).IsSuccess)
                continue;
            int first = (int)Math.Max(0, from - piece * pieceBytes);
            int last = (int)Math.Min(length, to - piece * pieceBytes);
            if (last > first && memory.GetSpan()[first..last].IndexOfAnyExcept((byte)0) is >= 0 and int at)
                return sector + (first + at) / IoRegion.SectorSize;
        }

        return null;
    }

    private static CopyFailure Missing(long sector, string message) => new(CopyPhase.Check, Errno: null, sector, IsExact: true, message);
}
