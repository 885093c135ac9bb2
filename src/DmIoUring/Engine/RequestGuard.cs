using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace DmIoUring.Engine;

/// <summary>Refuses misuse before anything of it reaches a device. Every message says the values and what to do.</summary>
internal static unsafe class RequestGuard
{
    private const long MostSectors = long.MaxValue / IoRegion.SectorSize;

    public static void Check(IoOperation operation, ReadOnlySpan<IoRegion> regions, in IoBuffer buffer)
    {
        if (regions.IsEmpty || regions.Length > IoRegion.MaxRegions)
            Refuse(nameof(regions), $"The request names {regions.Length} regions; give it 1 to {IoRegion.MaxRegions}.");
        if (operation == IoOperation.Read && buffer.IsReadOnly)
            Refuse(nameof(buffer), $"A read into read-only memory: make the buffer from Memory<byte>.");
        for (int i = 0; i < regions.Length; i++)
            Check(i, regions[i], buffer.Length);
    }

    /// <summary>Pins the buffer and checks that its address suits every region's device.</summary>
    public static MemoryHandle Pin(ReadOnlySpan<IoRegion> regions, in IoBuffer buffer, out byte* memory)
    {
        MemoryHandle pin = default;
        memory = buffer.Pointer;
        if (memory is null)
        {
            pin = buffer.Memory.Pin();
            memory = (byte*)pin.Pointer;
        }

        for (int i = 0; i < regions.Length; i++)
        {
            int alignment = regions[i].Device.MemoryAlignment;
            if (((nint)memory & (alignment - 1)) == 0 || regions[i].Count == 0)
                continue;
            nint odd = (nint)memory & (alignment - 1);
            pin.Dispose();
            Refuse(
                nameof(buffer),
                $"The buffer starts {odd} bytes past a multiple of {alignment}, which {regions[i].Device.Path} (region {i}) needs for direct I/O. Use IoMemory, or open the device with Direct = false.");
        }

        return pin;
    }

    private static void Check(int index, in IoRegion region, long bufferLength)
    {
        if (region.Device is null)
            Refuse("regions", $"Region {index} has no device.");
        if (region.Sector < 0 || region.Count < 0)
            Refuse("regions", $"Region {index} is sectors {region.Sector}+{region.Count}; neither may be negative.");
        if (region.Count > MostSectors || region.Sector > MostSectors - region.Count)
            Refuse("regions", $"Region {index} is sectors {region.Sector}+{region.Count}, which no 64-bit offset reaches.");
        if (region.Count > bufferLength / IoRegion.SectorSize)
        {
            Refuse(
                "buffer",
                $"Region {index} takes {region.Count} sectors ({region.Count * IoRegion.SectorSize} bytes) and the buffer has {bufferLength} bytes. Give a larger buffer or a smaller count.");
        }
    }

    [DoesNotReturn]
    private static void Refuse(string parameter, FormattableString message) =>
        throw new ArgumentException(message.ToString(CultureInfo.InvariantCulture), parameter);
}
