using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Runtime.CompilerServices;
using DmIoUring.Devices;
using DmIoUring.Engine;

namespace DmIoUring.Submission;

/// <summary>
/// The checks of every request: whether it is misuse (<see cref="Check"/>), and whether it may take the fast path (<see cref="IsFast"/>) or a
/// single system call without a ring (<see cref="IsDirect"/>).
/// </summary>
/// <remarks>
/// <see cref="IsFast"/> accepts nothing that <see cref="Check"/> refuses or that <see cref="RegionRules"/> fails: it is stricter than both, and a
/// property test compares them. A request that it does not accept is checked by both, which report the reason.
/// </remarks>
internal static unsafe class Admission
{
    private const int PageMask = 4095;
    private const long MaxSectors = long.MaxValue / IoRegion.SectorSize;

    /// <summary>For smaller sectors the sum of an offset and a size can't overflow.</summary>
    private const ulong MaxFastSector = long.MaxValue / IoRegion.SectorSize / 2;

    private const IoFlags WriteFlags = IoFlags.Preflush | IoFlags.Fua | IoFlags.Atomic | IoFlags.StableCopy;

    /// <summary>Throws for misuse, before the request holds anything. Every message has the values and the remedy.</summary>
    /// <param name="spec">The request.</param>
    /// <param name="home">Whose devices it may name; null for those of the kernel.</param>
    /// <exception cref="ArgumentException">The request is invalid.</exception>
    /// <exception cref="ObjectDisposedException">A device or the buffer was disposed.</exception>
    public static void Check(in RequestSpec spec, object? home = null)
    {
        ReadOnlySpan<IoRegion> regions = spec.Regions;
        ref readonly IoBuffer buffer = ref spec.Buffer;
        ref readonly IoRequestOptions options = ref spec.Options;
        if (regions.IsEmpty || regions.Length > IoRegion.MaxRegions)
            Refuse(nameof(regions), $"The request names {regions.Length} regions; give it 1 to {IoRegion.MaxRegions}.");
        if (options.Flags != IoFlags.None)
            CheckFlags(spec.Operation, options.Flags);
        if (!options.Priority.IsValid)
            Refuse(nameof(options), $"The priority {options.Priority.Class}, level {options.Priority.Level} does not exist; levels are 0 to 7.");
        if (spec.Operation == IoOperation.Read && buffer.IsReadOnly)
            Refuse(nameof(buffer), $"A read into read-only memory: make the buffer from Memory<byte>.");
        bool transfers = spec.Operation.HasBuffer();
        if (!transfers && options.Priority != default)
            Refuse(nameof(options), $"An I/O priority belongs to reads and writes; this is a {spec.Operation}.");
        for (int i = 0; i < regions.Length; i++)
        {
            ref readonly IoRegion region = ref regions[i];
            CheckRegion(i, region);
            if (transfers)
                CheckRange(i, region, buffer.Length);
            region.Device.ThrowIfDisposed();
            if (region.Device.Home != home)
                RefuseForeign(i, region.Device, home);
        }

        buffer.ThrowIfGone();
    }

    /// <summary>Throws for a missing callback.</summary>
    public static void CheckCallback(in RequestSpec spec) => CheckCallback((Delegate?)spec.Notify ?? spec.Completed);

    /// <inheritdoc cref="CheckCallback(in RequestSpec)"/>
    public static void CheckCallback([NotNull] Delegate? notify) => ArgumentNullException.ThrowIfNull(notify);

    /// <summary>Throws for a default <see cref="IoRequest"/> in a batch.</summary>
    public static void CheckMade(in RequestSpec spec)
    {
        if (!spec.HasCallback)
            Refuse("requests", $"A request has no callback: give it one, and make it with IoRequest.Read or IoRequest.Write.");
    }

    /// <summary>
    /// Whether a read or a write with default options is valid, and each of its 1 to 64 regions is one chunk on a device that the engine holds open.
    /// </summary>
    /// <param name="operation">Read or write.</param>
    /// <param name="regions">The regions.</param>
    /// <param name="memory">The buffer's first byte; the buffer is contiguous.</param>
    /// <param name="length">The buffer's length in bytes.</param>
    /// <param name="devices">The devices that the engine holds.</param>
    /// <param name="chunkBytes">The largest chunk.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsFast(
        IoOperation operation, ReadOnlySpan<IoRegion> regions, byte* memory, long length, DeviceTable devices, int chunkBytes)
    {
        if (regions.Length == 1)
            return IsOneChunk(operation, regions[0], memory, length, devices, chunkBytes);
        return AreFast(operation, regions, memory, length, devices, chunkBytes);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static bool AreFast(
        IoOperation operation, ReadOnlySpan<IoRegion> regions, byte* memory, long length, DeviceTable devices, int chunkBytes)
    {
        if ((uint)(regions.Length - 1) >= IoRegion.MaxRegions)
            return false;
        foreach (ref readonly IoRegion region in regions)
        {
            if (!IsOneChunk(operation, region, memory, length, devices, chunkBytes))
                return false;
        }

        return true;
    }

    /// <summary>Whether a single preadv2 or pwritev2 can carry out a request, provided that its memory is aligned. Not on an NVMe namespace.</summary>
    public static bool IsDirect(in RequestSpec spec, int chunkBytes) =>
        spec.Regions.Length == 1
        && spec.Regions[0].Device is { Namespace: null }
        && spec.Regions[0].Count <= chunkBytes / IoRegion.SectorSize
        && spec.Operation.HasBuffer()
        && spec.Buffer.Kind is IoBufferKind.Memory or IoBufferKind.Native
        && (spec.Options.Flags & ~IoFlags.Fua) == 0
        && spec.Options.Priority == default
        && spec.Options.Report is null;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsOneChunk(IoOperation operation, in IoRegion region, byte* memory, long length, DeviceTable devices, int chunkBytes)
    {
        BlockDevice? device = region.Device;
        if (device is null || !devices.IsHeld(device))
            return false;
        DeviceGeometry geometry = device.Geometry;
        ulong sector = (ulong)region.Sector;
        ulong count = (ulong)region.Count;
        ulong at = (ulong)region.BufferOffset;
        long size = (long)count * IoRegion.SectorSize;
        long offset = (long)sector * IoRegion.SectorSize;
        byte* start = memory + at;

        // Negative numbers are large unsigned ones, which the comparisons reject; no sum overflows.
        return count - 1 < (uint)chunkBytes / IoRegion.SectorSize
            && sector < MaxFastSector
            && (ulong)(offset + size) <= (ulong)geometry.Size
            && at <= (ulong)length
            && (ulong)size <= (ulong)length - at
            && ((offset | size) & (geometry.LogicalBlockSize - 1)) == 0
            && ((nint)start & (geometry.MemoryAlignment - 1)) == 0
            && ((nint)start & PageMask) + size <= chunkBytes
            && (operation == IoOperation.Read || (operation == IoOperation.Write && !geometry.IsReadOnly));
    }

    private static void CheckFlags(IoOperation operation, IoFlags flags)
    {
        if ((flags & ~WriteFlags) != 0)
            Refuse("options", $"The flags have bits that mean nothing: 0x{(int)(flags & ~WriteFlags):x}.");
        if (operation != IoOperation.Write)
            Refuse("options", $"{flags} belongs to writes; this is a {operation}.");
    }

    private static void CheckRegion(int index, in IoRegion region)
    {
        if (region.Device is null)
            Refuse("regions", $"Region {index} has no device.");
        if (region.Sector < 0 || region.Count < 0)
            Refuse("regions", $"Region {index} is sectors {region.Sector}+{region.Count}; neither may be negative.");
        if (region.Count > MaxSectors || region.Sector > MaxSectors - region.Count)
            Refuse("regions", $"Region {index} is sectors {region.Sector}+{region.Count}, which no 64-bit offset reaches.");
    }

    private static void CheckRange(int index, in IoRegion region, long length)
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

    /// <summary>A descriptor of one means nothing to the other.</summary>
    [DoesNotReturn]
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void RefuseForeign(int index, BlockDevice device, object? home)
    {
        if (home is null)
            Refuse("regions", $"Region {index} is on {device.Path}, a device of {device.Home}, and this client or reactor is for the kernel's devices. Make it with {device.Home}.");
        string whose = device.Home is { } other ? $"a device of {other}, another one" : "a device of the kernel";
        Refuse("regions", $"Region {index} is on {device.Path}, {whose}, and this client or reactor is of {home}. Use it with devices of that one alone.");
    }

    [DoesNotReturn]
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Refuse(string parameter, FormattableString message) =>
        throw new ArgumentException(message.ToString(CultureInfo.InvariantCulture), parameter);
}
