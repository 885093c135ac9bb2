using System.Globalization;
using System.Runtime.InteropServices;
using DmIoUring.Interop;

namespace DmIoUring.Devices;

/// <summary>Gives a file that is opened the length that its options ask for.</summary>
internal static unsafe class FilePreparation
{
    /// <summary>How much is written at once.</summary>
    private const int Piece = 1 << 20;

    /// <summary>What pieces start on in memory: whole pages suit every device.</summary>
    private const int MemoryAlignment = 4096;

    /// <summary>Refuses options that contradict each other, before anything is opened.</summary>
    public static void Check(BlockDeviceOptions options)
    {
        if (options.Length is < 1)
            throw new ArgumentOutOfRangeException(nameof(options), options.Length, "BlockDeviceOptions.Length is in bytes: 1 or more, or null to leave a file's length alone.");
        if (options.Preallocation is < FilePreallocation.None or > FilePreallocation.Written)
            throw new ArgumentOutOfRangeException(nameof(options), options.Preallocation, "There is no such FilePreallocation.");
        if (options.Preallocation != FilePreallocation.None && options.Length is null)
            throw new ArgumentException("BlockDeviceOptions.Preallocation is for the part that Length adds: give a Length.", nameof(options));
        if (options.Access == DeviceAccess.Read && (options.Create || options.Length is not null))
            throw new ArgumentException("A file that is opened for reading can be neither created nor given a length: open it with DeviceAccess.ReadWrite.", nameof(options));
    }

    /// <summary>Extends the file, if it is shorter than the options ask for.</summary>
    public static void Apply(BlockDevice device, BlockDeviceOptions options)
    {
        if (options.Length is not { } length)
            return;
        if (device.IsBlockDevice || device.IsNvmeNamespace)
        {
            throw new IOException(
                $"{device.Path} is {(device.IsBlockDevice ? "a block device" : "an NVMe namespace")}, which has the size that it has: open it without BlockDeviceOptions.Length.", Errno.EINVAL);
        }

        if (device.IsDirect && length % device.LogicalBlockSize != 0)
        {
            throw new ArgumentException(string.Create(
                CultureInfo.InvariantCulture,
                $"BlockDeviceOptions.Length is {length}: {device.Path} has blocks of {device.LogicalBlockSize} bytes, and direct I/O can't access a part of one. Make it a multiple."), nameof(options));
        }

        long before = device.Size;
        if (before >= length)
            return;
        switch (options.Preallocation)
        {
            case FilePreallocation.None:
                device.SetLength(length);
                break;
            case FilePreallocation.Space:
                device.Allocate(length);
                break;
            default:
                // The file grows as it is written: where this is interrupted, the next time goes on there.
                device.AllocateAhead(length);
                WriteZeroes(device, before, length);
                if (device.Refresh() < length)
                    device.SetLength(length);
                break;
        }
    }

    /// <summary>Writes the blocks that begin in a part of a file.</summary>
    private static void WriteZeroes(BlockDevice device, long from, long to)
    {
        long block = device.LogicalBlockSize;
        long offset = (from + block - 1) / block * block;
        byte* zeroes = (byte*)NativeMemory.AlignedAlloc(Piece, MemoryAlignment);
        try
        {
            NativeMemory.Clear(zeroes, Piece);
            while (offset < to)
            {
                nint written = Libc.Pwrite(device.Descriptor, zeroes, (nuint)Math.Min(Piece, to - offset), offset);
                if (written == -Errno.EINTR)
                    continue;
                if (written <= 0)
                {
                    throw new IOException(string.Create(
                        CultureInfo.InvariantCulture,
                        $"{device.Path} can't be written with zeroes ahead: byte {offset} of {to} answered {(written == 0 ? "0 bytes" : Errno.Name((int)-written))}."), (int)-written);
                }

                offset += written;
            }
        }
        finally
        {
            NativeMemory.AlignedFree(zeroes);
        }
    }
}
