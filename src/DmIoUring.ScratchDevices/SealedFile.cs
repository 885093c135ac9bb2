using System.Globalization;
using DmIoUring.Interop;
using Microsoft.Win32.SafeHandles;

namespace DmIoUring.ScratchDevices;

/// <summary>
/// A file in memory that a program without any privilege can make fail: <see cref="Shrink"/> takes its tail away for
/// good, and the kernel refuses every write there with EPERM (F_SEAL_GROW). It has no name and ends with the process.
/// </summary>
public sealed class SealedFile : IDisposable
{
    private readonly SafeFileHandle _handle;

    private SealedFile(SafeFileHandle handle)
    {
        _handle = handle;
        Path = string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{(int)handle.DangerousGetHandle()}");
    }

    /// <summary>A path that this process can open it by.</summary>
    public string Path { get; }

    /// <summary>Makes a file of zeroes.</summary>
    /// <param name="size">Bytes.</param>
    /// <returns>The file.</returns>
    /// <exception cref="IOException">The kernel refused.</exception>
    public static SealedFile Create(long size)
    {
        int descriptor = Libc.MemfdCreate("dmio", MemfdAbi.MFD_CLOEXEC | MemfdAbi.MFD_ALLOW_SEALING);
        if (descriptor < 0)
            throw new IOException($"memfd_create failed with {Errno.Name(-descriptor)}.", -descriptor);
        SafeFileHandle handle = new(descriptor, ownsHandle: true);
        RandomAccess.SetLength(handle, size);
        return new SealedFile(handle);
    }

    /// <summary>Cuts the file, and seals it so that it never grows again. Whoever opened it before still believes in its old size.</summary>
    /// <param name="size">Bytes.</param>
    /// <exception cref="IOException">The kernel refused.</exception>
    public void Shrink(long size)
    {
        RandomAccess.SetLength(_handle, size);
        int result = Libc.Fcntl((int)_handle.DangerousGetHandle(), MemfdAbi.F_ADD_SEALS, MemfdAbi.F_SEAL_GROW);
        if (result < 0)
            throw new IOException($"F_ADD_SEALS failed with {Errno.Name(-result)}.", -result);
    }

    /// <summary>Frees the memory when nobody else has the file open.</summary>
    public void Dispose() => _handle.Dispose();
}
