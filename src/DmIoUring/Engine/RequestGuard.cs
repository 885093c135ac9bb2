using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Runtime.CompilerServices;

namespace DmIoUring.Engine;

/// <summary>Refuses misuse before anything of it reaches a device. Every message says the values and what to do.</summary>
internal static class RequestGuard
{
    private const long MostSectors = long.MaxValue / IoRegion.SectorSize;
    private const IoFlags WriteFlags = IoFlags.Preflush | IoFlags.Fua | IoFlags.Atomic | IoFlags.StableCopy;

    public static void Check(
        IoOperation operation, ReadOnlySpan<IoRegion> regions, in IoBuffer buffer, in IoRequestOptions options)
    {
        if (regions.IsEmpty || regions.Length > IoRegion.MaxRegions)
            Refuse(nameof(regions), $"The request names {regions.Length} regions; give it 1 to {IoRegion.MaxRegions}.");
        if (options.Flags != IoFlags.None)
            CheckFlags(operation, options.Flags);
        if (!options.Priority.IsValid)
            Refuse(nameof(options), $"The priority {options.Priority.Class}, level {options.Priority.Level} does not exist; levels are 0 to 7.");
        if (operation == IoOperation.Read && buffer.IsReadOnly)
            Refuse(nameof(buffer), $"A read into read-only memory: make the buffer from Memory<byte>.");
        bool transfers = operation is IoOperation.Read or IoOperation.Write;
        if (!transfers && options.Priority != default)
            Refuse(nameof(options), $"An I/O priority belongs to reads and writes; this is a {operation}.");
        for (int i = 0; i < regions.Length; i++)
        {
            ref readonly IoRegion region = ref regions[i];
            CheckPlace(i, region);
            if (transfers)
                CheckMemory(i, region, buffer.Length);
        }
    }

    /// <summary>Refuses a batch's request that was never made.</summary>
    public static void CheckNotify(IoNotify? notify)
    {
        if (notify is null)
            Refuse("requests", $"A request has no callback: give it one, and make it with IoRequest.Read or IoRequest.Write.");
    }

    private static void CheckFlags(IoOperation operation, IoFlags flags)
    {
        if ((flags & ~WriteFlags) != 0)
            Refuse("options", $"The flags have bits that mean nothing: 0x{(int)(flags & ~WriteFlags):x}.");
        if (operation != IoOperation.Write)
            Refuse("options", $"{flags} belongs to writes; this is a {operation}.");
    }

    private static void CheckPlace(int index, in IoRegion region)
    {
        if (region.Device is null)
            Refuse("regions", $"Region {index} has no device.");
        if (region.Sector < 0 || region.Count < 0)
            Refuse("regions", $"Region {index} is sectors {region.Sector}+{region.Count}; neither may be negative.");
        if (region.Count > MostSectors || region.Sector > MostSectors - region.Count)
            Refuse("regions", $"Region {index} is sectors {region.Sector}+{region.Count}, which no 64-bit offset reaches.");
    }

    private static void CheckMemory(int index, in IoRegion region, long length)
    {
        if (region.BufferOffset < 0 || region.BufferOffset > length)
            Refuse("regions", $"Region {index} begins {region.BufferOffset} bytes into a buffer of {length} bytes.");
        if (region.Count > (length - region.BufferOffset) / IoRegion.SectorSize)
        {
            Refuse(
                "buffer",
                $"Region {index} takes {region.Count} sectors ({region.Count * IoRegion.SectorSize} bytes) from byte {region.BufferOffset} on and the buffer has {length} bytes. Give a larger buffer or a smaller count.");
        }
    }

    [DoesNotReturn]
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Refuse(string parameter, FormattableString message) =>
        throw new ArgumentException(message.ToString(CultureInfo.InvariantCulture), parameter);
}
