using System.Runtime.InteropServices;
using DmIoUring.Interop;
using DmIoUring.Native.Errors;
using DmIoUring.Services;

namespace DmIoUring.Native.Requests;

/// <summary>struct dmio_mirror_options.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct CMirrorOptions
{
    public const uint AssumeEqual = 4;
    public const uint Overwrite = 8;
    public const uint LogInMemory = 16;
    public const uint Checksums = 32;
    private const uint All = AssumeEqual | Overwrite | LogInMemory | Checksums;

    public uint Flags;
    public uint Reserved;
    public ulong Sectors;
    public ulong RegionSectors;

    public readonly MirrorCreateOptions ToOptions()
    {
        uint unknown = Flags & ~All;
        if (unknown != 0)
            throw new NativeException(Errno.EINVAL, $"The options' flags have bits that mean nothing here: 0x{unknown:x}.");
        if (Reserved != 0)
            throw new NativeException(Errno.EINVAL, "The options' reserved field is not 0.");
        return new MirrorCreateOptions
        {
            // Above 2^63 they are negative here, and are refused as such.
            Sectors = (long)Sectors,
            RegionSectors = (long)RegionSectors,
            AssumeEqual = (Flags & AssumeEqual) != 0,
            Overwrite = (Flags & Overwrite) != 0,
            LogInMemory = (Flags & LogInMemory) != 0,
            Checksums = (Flags & Checksums) != 0,
        };
    }
}
